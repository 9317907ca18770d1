"""What does each verb do? ``estimator.cli.verbs`` says which function answers which verb."""
