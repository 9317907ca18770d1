"""One view of each class: what is shown, in which order, as a document."""
