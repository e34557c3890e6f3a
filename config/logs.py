"""Log lines: for people in development, JSON in production, without personal data in either."""

import logging.config
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# Log the id of a row, never these; whoever passes one by mistake is not obeyed.
PERSONAL = frozenset(
    {
        "address",
        "birth_date",
        "email",
        "first_name",
        "full_name",
        "iban",
        "ip",
        "last_name",
        "name",
        "password",
        "phone",
        "recipient",
        "story",
        "token",
        "user_agent",
    }
)


def without_personal_data(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Blank the values of keys that would name a person or a secret."""
    return {key: "[hidden]" if key in PERSONAL else value for key, value in event.items()}


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    without_personal_data,
]


def logging_config(*, as_json: bool, level: str) -> dict[str, Any]:
    """Return the dictionary for `logging.config`, for standard and structlog loggers alike."""
    renderer: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [
            structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *renderer,
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": level},
    }


def set_up(config: dict[str, Any]) -> None:
    """Point the standard library's loggers and structlog at the same lines."""
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
