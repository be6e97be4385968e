#!/bin/sh
# Makes what `docker compose up` needs once: ./secrets with random values, and .env from .env.example.
# What is there already stays as it is, so that it may be run again; another folder for both as first argument.
#
# The files are readable for everyone inside a folder that only its owner may enter: Compose mounts a secret
# with the owner and mode that it has here, and each container reads it as a user of its own.
set -eu

project=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
target=${1:-$project}
secrets=$target/secrets
umask 077
mkdir -p "$secrets"

random() {
    od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n'
}

# keep NAME VALUE: a secret that is there stays.
keep() {
    if [ ! -e "$secrets/$1.txt" ]; then
        printf '%s' "$2" > "$secrets/$1.txt"
        echo "made $secrets/$1.txt"
    fi
    chmod 644 "$secrets/$1.txt"
}

keep secret_key "$(random)"
keep postgres_password "$(random)"
keep postgres_exporter_password "$(random)"
keep valkey_password "$(random)"
keep grafana_admin_password "$(random)"
postgres_password=$(cat "$secrets/postgres_password.txt")
valkey_password=$(cat "$secrets/valkey_password.txt")
# The same passwords in the forms in which the processes read them.
keep database_url "postgresql://crypto_predict:$postgres_password@postgres:5432/crypto_predict"
keep redis_url "redis://:$valkey_password@valkey:6379/0"
keep valkey_config "requirepass $valkey_password
"
keep redis_exporter_passwords "{\"redis://valkey:6379\": \"$valkey_password\"}"
# Empty until you write yours into them: alerts are then shown, and sent to nobody.
keep slack_webhook_url ""
keep smtp_password ""

if [ ! -e "$target/.env" ]; then
    sed 's|^SECRETS_FOLDER=$|SECRETS_FOLDER=./secrets|' "$project/.env.example" > "$target/.env"
    echo "made $target/.env from .env.example"
elif ! grep -q '^SECRETS_FOLDER=..*' "$target/.env"; then
    printf '\nSECRETS_FOLDER=./secrets\n' >> "$target/.env"
    echo "added SECRETS_FOLDER to $target/.env"
fi
