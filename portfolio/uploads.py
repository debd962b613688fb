"""How much one request may bring: bytes are refused while they arrive, before a form or a view sees them."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import SkipFile, StopUpload, TemporaryFileUploadHandler
from django.utils.translation import gettext as _

GIGABYTE = 10**9
LARGEST_FILE = GIGABYTE
# Every file of the contract at once; more than that is no portfolio.
LARGEST_REQUEST = 5 * GIGABYTE
# The one page that takes files.
TAKES_FILES = "import_start"


class NotTaken(ValueError):
    """An upload that is larger than a page takes; the message says so, in the reader's language."""


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Files go to disk, for those who are signed in and where a page takes files, up to a size.

    Why one was refused stays as a sentence on the request: see `take_files`.
    """

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:  # noqa: N803  # Django's name
        """Look at the length that the browser announces."""
        self.is_too_large = content_length > LARGEST_REQUEST

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Refuse a file of which no byte needs to be read."""
        request: Any = self.request
        match = request.resolver_match
        # Middleware reads the form for its CSRF token: that is before any view asks who this is.
        if match is None or match.url_name != TAKES_FILES or not request.user.is_authenticated:
            raise SkipFile
        if self.is_too_large:
            self._refuse(_("These files are larger than 5 GB together. Import them in several steps."))
            raise StopUpload(connection_reset=True)
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write on, up to the largest file."""
        if start + len(raw_data) > LARGEST_FILE:
            sentence = _("%(name)s is larger than 1 GB. Cut it in parts, or pack it as .csv.gz.")
            self._refuse(sentence % {"name": self.file_name})
            raise SkipFile
        super().receive_data_chunk(raw_data, start)

    def _refuse(self, sentence: str) -> None:
        request: Any = self.request
        request.upload_refusal = sentence


def take_files(request: Any, name: str) -> list[UploadedFile]:
    """The files of one field, read to their end; raises NotTaken with the reason where one was refused."""
    files = request.FILES.getlist(name)
    if sentence := getattr(request, "upload_refusal", ""):
        raise NotTaken(sentence)
    return files
