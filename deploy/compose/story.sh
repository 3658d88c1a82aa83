#!/bin/sh
# Plays what happens at Atlassian, and waits until usher has acted on it. Told in the log of the service `story`.
set -eu
sandbox=${SANDBOX:-http://sandbox:8090}
webhooks=${WEBHOOKS:-http://usher:8080}
admin=${ADMIN:-http://usher:8081}

say() { echo "story: $*"; }
call() { curl -sS --fail-with-body -o /dev/null -H 'Content-Type: application/json' "$@"; }

# until_true WHAT COMMAND...: tries for two minutes.
until_true() {
    what=$1
    shift
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ "$tries" -lt 240 ] || { say "in vain: $what"; exit 1; }
        sleep 0.5
    done
    say "$what"
}

answers() { curl -sSf -o /dev/null "$1" 2>/dev/null; }
compares() { curl -sSf -H "Authorization: Bearer $ADMIN_TOKEN" "$admin/api/v1/sources/jira" 2>/dev/null | grep -q '"state":"comparing"'; }
did() { curl -sSf "$sandbox/_sandbox/journal" 2>/dev/null | grep -o '{[^{}]*}' | grep "\"$1\"" | grep -q "\"group\":\"$2\""; }
how_often() { curl -sSf "$sandbox/_sandbox/journal" | grep -o '{[^{}]*}' | grep "\"$1\"" | grep -c "\"group\":\"$2\""; }

until_true "the simulated Jira answers" answers "$sandbox/_sandbox/accounts"
until_true "usher is ready" answers "$admin/readyz"
call -X PUT "$sandbox/_sandbox/groups?site=jira-dc" -d '["contractors", "active"]'
until_true "usher knows who is there" compares

call -X PUT "$sandbox/_sandbox/users?site=jira-dc" -d '[{"id": "JIRAUSER1", "name": "jane", "email": "jane@contractor.example"}]'
say "Jane is created in Jira; its webhook comes twice"
for _ in 1 2; do
    call "$webhooks/webhooks/jira" -H "X-Hub-Signature: $SIGNATURE" -d "$BODY"
done
until_true "usher has put Jane into contractors" did JIRAUSER1 contractors

call -X PUT "$sandbox/_sandbox/users?site=jira-dc" -d '[{"id": "JIRAUSER2", "name": "joe", "email": "joe@contractor.example"}]'
say "Joe is created, and no webhook tells of it"
until_true "usher has found Joe and put him into contractors" did JIRAUSER2 contractors

call -X POST "$sandbox/_sandbox/audit?site=jira-dc&happened=logged_in&user=JIRAUSER1"
say "Jane logs in; only the audit log tells of it"
until_true "usher has put Jane into active" did JIRAUSER1 active

code=$(curl -sS -o /dev/null -w '%{http_code}' "$webhooks/webhooks/jira" -H 'Content-Type: application/json' -H 'X-Hub-Signature: sha256=00' -d "$BODY")
[ "$code" = 401 ] || { say "a forged webhook was answered $code"; exit 1; }
say "a forged webhook is refused (401)"
[ "$(how_often JIRAUSER1 contractors)" = 1 ] || { say "Jane was put into contractors twice"; exit 1; }
say "nothing was done twice; the story ends here, usher goes on"
