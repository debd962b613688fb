"""EncryptedTextField: a text that is sealed in the database and reads as a plain attribute."""

from typing import Any

from django.core.exceptions import FieldError
from django.db import models

from accounts import encryption


class Sealed(bytes):
    """Bytes as they stand in the database; opened when the attribute is read."""


class _Unsealing:
    """Opens a sealed value at first reading: a list page that shows no text decrypts none."""

    def __init__(self, field: "EncryptedTextField") -> None:
        self.field = field

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        if self.field.attname not in instance.__dict__:
            instance.refresh_from_db(fields=[self.field.attname])
        value = instance.__dict__[self.field.attname]
        if isinstance(value, Sealed):
            value = self.field.open(value, organization_id=instance.organization_id, row_id=instance.pk)
            instance.__dict__[self.field.attname] = value
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.Field):
    """Stored as bytea by accounts.encryption; '' is stored as empty bytes. It cannot be filtered or ordered by."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", "")
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def get_internal_type(self) -> str:
        return "BinaryField"

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _Unsealing(self))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value if value is None else Sealed(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        # An unsealed text must never reach the database by a path that knows no row (update(), filter()).
        if isinstance(value, str) and value:
            raise FieldError(f"{self.name} is encrypted: save the object, or seal() the text for its row.")
        return connection.Database.Binary(bytes(value or b""))

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname, "")
        if isinstance(value, bytes):
            return Sealed(value)
        return self.seal(value, organization_id=model_instance.organization_id, row_id=model_instance.pk)

    def seal(self, text: str, *, organization_id: Any, row_id: Any) -> Sealed:
        """The bytes to store for one row; '' stays empty."""
        if not text:
            return Sealed(b"")
        return Sealed(encryption.encrypt(text, organization_id=organization_id, row_id=row_id, **self._place()))

    def open(self, sealed: bytes, *, organization_id: Any, row_id: Any) -> str:
        """The text of one row's stored bytes; raises DecryptionFailed or KeyDestroyed."""
        if not sealed:
            return ""
        return encryption.decrypt(sealed, organization_id=organization_id, row_id=row_id, **self._place())

    def _place(self) -> dict[str, Any]:
        return {"table": self.model._meta.db_table, "column": self.column}

    def value_to_string(self, obj: Any) -> str:
        return str(self.value_from_object(obj))


def encrypted_fields(model: type[models.Model]) -> list[EncryptedTextField]:
    """The model's encrypted fields, in order of declaration."""
    return [field for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]
