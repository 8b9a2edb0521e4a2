"""The demo: four companies with their people, and months of work told by the verbs that people use."""
