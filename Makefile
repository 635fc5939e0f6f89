# Everything behind these commands is in config/local/ and needs nothing but python3 (3.11 or newer) to begin with.
#   make run            the portal with the demo district; PORT=8080, HOST=0.0.0.0, DATABASE_URL=…, REDIS_URL=…
#   make test           the whole suite; ARGS="tests/local -k lock" narrows it
#   make check          format, lint, layers, migrations, deployment settings, types
#   make fuzz           made-up requests over the API's own description; CASES=5000, SEED=7
#   make reset          remove the local data; the next `make run` starts over
#   make lock           resolve all versions anew
PYTHON ?= python3

.PHONY: run test check fuzz reset lock
run test check fuzz reset lock:
	@exec $(PYTHON) config/local/__main__.py $@
