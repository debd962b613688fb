"""What passed between the organization and its customers: tickets, interactions, surveys. Words are sealed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.fields import EncryptedTextField
from portfolio.models.facts import SourcedFact, account_key, mentions, text


class Ticket(SourcedFact):
    """A support request."""

    account = account_key()
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    first_reply_at = models.DateTimeField(null=True, blank=True)
    solved_at = models.DateTimeField(null=True, blank=True)
    priority = text()
    escalated_at = models.DateTimeField(null=True, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)
    satisfaction = text()
    satisfaction_at = models.DateTimeField(null=True, blank=True)
    subject = EncryptedTextField()
    body = EncryptedTextField()
    requester_email = EncryptedTextField()
    sealed_digest = models.BinaryField(default=b"", db_default=b"")
    requester_hash = models.BinaryField(default=b"", db_default=b"")
    mentioned_hashes = mentions()

    class Meta(SourcedFact.Meta):
        indexes = [
            models.Index(fields=["organization", "account", "opened_at"], name="portfolio_ticket_account"),
            models.Index(fields=["organization", "opened_at"], name="portfolio_ticket_opened"),
        ]


class Interaction(SourcedFact):
    """An exchange with the customer. `contact_hashes` are the keyed hashes of its contact e-mails."""

    account = account_key()
    kind = models.TextField()
    happened_at = models.DateTimeField()
    state = text()
    attended = models.BooleanField(null=True, blank=True)
    author_email = EncryptedTextField()
    contact_emails = EncryptedTextField()
    direction = text()
    bulk = models.BooleanField(null=True, blank=True)
    text = EncryptedTextField()
    sealed_digest = models.BinaryField(default=b"", db_default=b"")
    contact_hashes = ArrayField(models.BinaryField(), default=list)
    mentioned_hashes = mentions()

    class Meta(SourcedFact.Meta):
        indexes = [
            models.Index(fields=["organization", "account", "happened_at"], name="portfolio_interaction_account"),
            models.Index(fields=["organization", "happened_at"], name="portfolio_interaction_at"),
        ]


class Survey(SourcedFact):
    """An answer to a survey."""

    account = account_key()
    kind = models.TextField()
    answered_at = models.DateTimeField()
    score = models.FloatField()
    contact_email = EncryptedTextField()
    comment = EncryptedTextField()
    sealed_digest = models.BinaryField(default=b"", db_default=b"")
    contact_hash = models.BinaryField(default=b"", db_default=b"")
    mentioned_hashes = mentions()

    class Meta(SourcedFact.Meta):
        indexes = [models.Index(fields=["organization", "account", "answered_at"], name="portfolio_survey_account")]
