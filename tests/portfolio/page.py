"""The import page as a person uses it: files dropped on it, its words read, what stands behind it."""

import re

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.context import service_context
from portfolio.models import Import

URL = "/o/acme/import/"


def uploads(files: dict[str, str | bytes]) -> list[SimpleUploadedFile]:
    return [
        SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
        for name, content in files.items()
    ]


def send(client, files: dict[str, str | bytes], slug: str = "acme", **options):
    return client.post(f"/o/{slug}/import/start/", {"files": uploads(files), **options})


def read(cast, model=Import, **filters):
    with service_context(cast.acme.pk):
        return list(model.objects.filter(**filters))


def only_import(cast) -> Import:
    (record,) = read(cast)
    return record


def change_import(cast, **fields) -> None:
    with service_context(cast.acme.pk):
        Import.objects.update(**fields)


def text_of(client, url: str = URL, **query) -> str:
    """The page's words, without its tags."""
    html = client.get(url, query).content.decode().split('<main id="main"')[1]
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def download(client, url: str) -> str:
    """A file as it is saved."""
    answer = client.get(url)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return b"".join(answer.streaming_content).decode("utf-8-sig")
