"""The people of Brindel, the company whose customers the sample shows."""

from __future__ import annotations

DOMAIN = "brindel.example"
PASSWORD = "brindel-sample"  # noqa: S105 - printed for everybody: it opens the sample alone

HELENA = f"helena.vogt@{DOMAIN}"
CAMILLE = f"camille.roussel@{DOMAIN}"
JONAS = f"jonas.lindqvist@{DOMAIN}"
MAREK = f"marek.dvorak@{DOMAIN}"
INES = f"ines.carvalho@{DOMAIN}"
AOIFE = f"aoife.brennan@{DOMAIN}"
ELISE = f"elise.maurin@{DOMAIN}"
TOMASZ = f"tomasz.wilk@{DOMAIN}"

# E-mail, full name, role, team.
MEMBERS = (
    (HELENA, "Helena Vogt", "owner", "Operations"),
    (CAMILLE, "Camille Roussel", "csm", "Installed base"),
    (JONAS, "Jonas Lindqvist", "csm", "Installed base"),
    (MAREK, "Marek Dvořák", "am", "Installed base"),
    (INES, "Inês Carvalho", "am", "Installed base"),
    (AOIFE, "Aoife Brennan", "manager", "Installed base"),
    (ELISE, "Élise Maurin", "dpo", "Legal"),
    (TOMASZ, "Tomasz Wilk", "viewer", "Product"),
)

# Role described, e-mail, password: printed by `make run`, valid in the embedded default alone.
SIGN_INS = (
    ("Customer Success Manager, 60 accounts", CAMILLE, PASSWORD),
    ("Customer Success Manager, the other book", JONAS, PASSWORD),
    ("Account Manager, north and east", MAREK, PASSWORD),
    ("Account Manager, west and south", INES, PASSWORD),
    ("Manager of the team", AOIFE, PASSWORD),
    ("Owner", HELENA, PASSWORD),
    ("Data protection officer, privacy alone", ELISE, PASSWORD),
    ("Viewer, reads only", TOMASZ, PASSWORD),
)

FULL_NAMES = {email: name for email, name, _role, _team in MEMBERS}
