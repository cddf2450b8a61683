"""PostgreSQL through psycopg2: the pool, one transaction at a time, migrations. SQL is each service's."""
