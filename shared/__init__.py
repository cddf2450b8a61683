"""What two services need and no insurance rule: values, events, process, db, messaging, web and privacy."""
