"""The software bill of materials beside a wheel: ``python -m development.bill_of_materials DIST``.

It names what requirements.txt installs, with versions and hashes, in CycloneDX 1.6.
"""

import sys
from pathlib import Path

import click
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from pip_requirements_parser import InstallRequirement, RequirementsFile

from newsletter import __version__

ROOT = Path(__file__).parents[1]
NAME = "dataset-daily"


def main(folder: Path) -> Path:
    """Write it into ``folder``; the file."""
    lock = RequirementsFile.from_file(str(ROOT / "requirements.txt"))
    components = [_component(requirement) for requirement in lock.requirements]
    bill = Bom(components=components)
    product = _of_pypi(NAME, __version__, ComponentType.APPLICATION)
    bill.metadata.component = product
    bill.register_dependency(product, components)
    file = folder / f"{NAME}-{__version__}.cdx.json"
    file.write_text(JsonV1Dot6(bill).output_as_string(indent=2))
    return file


def _component(requirement: InstallRequirement) -> Component:
    pin = requirement.get_pinned_version
    component = _of_pypi(requirement.name, pin, ComponentType.LIBRARY)
    hashes = [
        HashType(alg=HashAlgorithm.SHA_256, content=value.removeprefix("sha256:"))
        for value in requirement.hash_options
    ]
    url, kind = XsUri(str(component.purl)), ExternalReferenceType.DISTRIBUTION
    component.external_references.add(ExternalReference(type=kind, url=url, hashes=hashes))
    return component


def _of_pypi(name: str, version: str, kind: ComponentType) -> Component:
    url = PackageURL("pypi", name=name, version=version)
    return Component(name=name, version=version, type=kind, purl=url, bom_ref=str(url))


if __name__ == "__main__":
    click.echo(main(Path(sys.argv[1])))
