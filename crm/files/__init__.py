"""The files of deals, contacts and companies: kept, looked into, limited in size."""
