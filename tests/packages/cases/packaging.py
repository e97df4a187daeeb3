from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version


def answer() -> str:
    """Versions, specifiers and requirements."""
    versions = sorted(map(Version, ["1.0", "1.0rc1", "1.0.post1", "0.9", "1!0.1"]))
    chosen = list(SpecifierSet("~=1.4,!=1.4.2").filter(["1.3", "1.4.1", "1.4.2", "1.9", "2.0"]))
    requirement = Requirement("name[extra]>=2; python_version < '3'")
    return repr((list(map(str, versions)), chosen, requirement.extras, str(requirement.marker)))
