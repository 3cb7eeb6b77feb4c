"""From a person's words to a node, several candidates, or an honest 'not covered'."""
