"""What the outbox tests share: a gateway that answers as told, and what it was sent."""

from dataclasses import dataclass, field

from deadlines.gateways import Outgoing


@dataclass
class FakeGateway:
    """Takes everything, unless `answers` has an exception for the next message."""

    answers: list[Exception | None] = field(default_factory=list)
    sent: list[Outgoing] = field(default_factory=list)

    def send(self, message: Outgoing) -> None:
        self.sent.append(message)
        if self.answers and (answer := self.answers.pop(0)):
            raise answer
