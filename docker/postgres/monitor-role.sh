#!/bin/sh
# Makes the role by which postgres-exporter reads what PostgreSQL says of itself, and no table of the product.
# It runs at every start: an older volume gets the role, too, and a new password is in force at once.
# Who does it and where is told by libpq's own variables, PGHOST and so on.
set -eu

secrets=${SECRETS_FOLDER:-/run/secrets}
PGPASSWORD=$(cat "$secrets/postgres_password")
export PGPASSWORD

# The password reaches psql by its file, not by its arguments, which others can see; and a statement that
# fails is not written to the server's log.
PASSWORD_FILE=$secrets/postgres_exporter_password psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 <<'SQL'
SET log_min_error_statement = panic;
SET log_statement = none;
\set password `cat "$PASSWORD_FILE"`
SELECT 'CREATE ROLE crypto_predict_monitor'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'crypto_predict_monitor') \gexec
ALTER ROLE crypto_predict_monitor WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT
    CONNECTION LIMIT 5 PASSWORD :'password';
GRANT pg_monitor TO crypto_predict_monitor;
SQL
