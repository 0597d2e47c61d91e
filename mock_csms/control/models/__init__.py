"""Models of the requests and answers of the control API, one module per resource."""
