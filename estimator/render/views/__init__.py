"""One view of each class: what is told, in which order, as a document."""
