"""The launcher behind `./kc`: real servers from wheels, for one machine and one person.

    kc ── __main__        arguments, and the one line shown when something is wrong
            up             servers, data, worker, beat and web, until Ctrl-C
              worker       Celery's worker, mortal
            foreground     manage, test and bench: one command beside the servers
            servers        which PostgreSQL and Valkey: embedded, given, or already running
              given          DATABASE_URL and REDIS_URL of the user, checked before use
              postgres       initdb, start, stop
              valkey
                postgres_place  where, and as whom
                unprivileged    how root starts a PostgreSQL that refuses root
                dropped         folders of another account, where nothing else works
            instance       private folder, lock, secret key, socket folder
            processes      children that never outlive us
            orphans        what an earlier kill may have left
            console        what the person sees

Nothing here imports Django or the rest of the project: it has to work before they do.
"""
