"""What all services start with: processes and command line. What these do for a service is the service's."""
