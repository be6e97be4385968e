#!/bin/sh
# Starts Alertmanager with the receivers that this deployment has a secret for; see alertmanager.yml.
# Arguments go on to Alertmanager.
set -eu

source=${ALERTMANAGER_SOURCE:-/etc/alertmanager/alertmanager.yml}
made=${ALERTMANAGER_CONFIG:-/tmp/alertmanager.yml}
secrets=${SECRETS_FOLDER:-/run/secrets}

# A value as the replacement of sed's `s|...|...|`.
quoted() { printf '%s' "$1" | sed 's/[&|\\]/\\&/g'; }

set_up_slack() {
  if [ -s "$secrets/slack_webhook_url" ]; then
    cat
  else
    sed '/# begin slack/,/# end slack/d'
  fi
}

set_up_email() {
  if [ ! -s "$secrets/smtp_password" ]; then
    sed '/# begin e-mail/,/# end e-mail/d'
    return
  fi
  for name in SMTP_SMARTHOST SMTP_USERNAME ALERT_EMAIL_FROM ALERT_EMAIL_TO; do
    eval "value=\${$name:-}"
    if [ -z "$value" ]; then
      echo "The secret smtp_password is there, but $name is not set: set it, or take the secret away" >&2
      return 1
    fi
  done
  sed -e "s|smtp\.example\.com:587|$(quoted "$SMTP_SMARTHOST")|" \
    -e "s|user@example\.com|$(quoted "$SMTP_USERNAME")|" \
    -e "s|from@example\.com|$(quoted "$ALERT_EMAIL_FROM")|" \
    -e "s|to@example\.com|$(quoted "$ALERT_EMAIL_TO")|"
}

# In steps: a pipe would hide that one of them failed.
set_up_slack <"$source" >"$made.slack"
set_up_email <"$made.slack" >"$made.e-mail"
sed "s|/run/secrets/|$(quoted "$secrets")/|" <"$made.e-mail" >"$made"
rm "$made.slack" "$made.e-mail"

exec "${ALERTMANAGER:-/bin/alertmanager}" --config.file="$made" "$@"
