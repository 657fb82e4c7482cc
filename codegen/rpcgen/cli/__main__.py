"""`python -m rpcgen.cli`, for machines on which another program is called rpcgen."""

from rpcgen.cli.main import main

if __name__ == "__main__":
    main()
