# Thin names for ./dev, for those who have make. Nothing is decided here.
names := runtime wheel test test-unit test-runtime test-limits test-cpython test-packages conformance differential \
	verify-determinism fuzz sanitize lint bench demo lock clean help
.PHONY: $(names)

$(names):
	@./dev $@
