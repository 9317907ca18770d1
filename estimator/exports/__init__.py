"""Which files do others read? Bills in the forms of spreadsheets, FinOps tools and load tests."""
