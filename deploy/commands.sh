# What docs/operating.md asks for, in bash as root: . /srv/sahel/8001/deploy/commands.sh

# A command of the site with its settings, as its account; others stand before it, for once:
#     manage DATABASE_URL=postgres:///beside verify_history
manage() {
    local settings=()
    while [[ ${1:-} =~ ^[A-Z_]+= ]]; do settings+=("$1"); shift; done
    systemd-run --quiet --pty --pipe --wait --collect --uid=sahel --working-directory=/srv/sahel/8001 \
        --property=EnvironmentFile=/etc/sahel.env env "${settings[@]}" \
        /srv/sahel/8001/.venv/bin/python manage.py "$@"
}

# Give a stopped instance the code of a release: release 8001 v1.2
release() {
    git -C "/srv/sahel/$1" fetch --quiet --tags origin && git -C "/srv/sahel/$1" checkout --quiet "$2" &&
        make -C "/srv/sahel/$1" venv && "/srv/sahel/$1/.venv/bin/python" -m compileall -q "/srv/sahel/$1/sahel"
}

# Upgrade the site to a release: one instance after the other, and nothing more once something fails.
upgrade() {
    manage backup &&
        systemctl stop sahel@8001 && release 8001 "$1" && manage check --deploy --fail-level WARNING &&
        manage migrate && manage collectstatic --noinput && systemctl start sahel@8001 &&
        systemctl stop sahel@8002 sahel-publish_due.timer && release 8002 "$1" &&
        systemctl start sahel@8002 sahel-publish_due.timer
}
