"""Models of the requests and answers of the control API, one module a resource."""
