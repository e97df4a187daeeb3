# Thin names for ./dev, for those who have make. Nothing is decided here.
.PHONY: runtime wheel test test-unit test-runtime test-cpython verify-determinism lint bench demo clean

runtime wheel test test-unit test-runtime test-cpython verify-determinism lint bench demo clean:
	@./dev $@
