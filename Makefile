# Everything behind these commands is in config/local/ and needs nothing but python3 (3.11 or newer) to begin with.
#   make run            the portal with the demo district; PORT=8080, HOST=0.0.0.0, DATABASE_URL=…, REDIS_URL=…
#   make test           the whole suite; ARGS="tests/local -k lock" narrows it
#   make check          format, lint, layers, migrations, deployment settings, types
#   make backup DIR=…   database, files and anchors of this portal, running or not, into a new folder
#   make restore DIR=…  such a folder into a checkout without data
#   make fuzz           made-up requests over the API's own description; CASES=5000, SEED=7
#   make torture        a year walked through while its servers are killed; ARGS="--long --seed 7"
#   make bench          how fast, as ratios within one run; ARGS="sweep pages"
#   make reset          remove the local data; the next `make run` starts over
#   make lock           resolve all versions anew
PYTHON ?= python3

.PHONY: run test check fuzz torture bench backup restore reset lock
run test check fuzz torture bench backup restore reset lock:
	@exec $(PYTHON) config/local/__main__.py $@
