"""The vault: sealed bytes and keys. Format, ordering and threat model: docs/design/vault.md."""

from typing import TYPE_CHECKING

from primum.ground.front import front

if TYPE_CHECKING:
    from primum.vault.export import (
        KEPT as KEPT,
    )
    from primum.vault.export import (
        Generation as Generation,
    )
    from primum.vault.export import (
        list_generations as list_generations,
    )
    from primum.vault.export import (
        prune_generations as prune_generations,
    )
    from primum.vault.guards import (
        Argon2Cost as Argon2Cost,
    )
    from primum.vault.guards import (
        Guard as Guard,
    )
    from primum.vault.guards import (
        KeyFileGuard as KeyFileGuard,
    )
    from primum.vault.guards import (
        PassphraseGuard as PassphraseGuard,
    )
    from primum.vault.guards import (
        RecoveryGuard as RecoveryGuard,
    )
    from primum.vault.guards import (
        add_guard as add_guard,
    )
    from primum.vault.guards import (
        create_root as create_root,
    )
    from primum.vault.guards import (
        list_guards as list_guards,
    )
    from primum.vault.guards import (
        seal_home as seal_home,
    )
    from primum.vault.guards import (
        unlock as unlock,
    )
    from primum.vault.guards import (
        verify_home as verify_home,
    )
    from primum.vault.illnesses import (
        FlippedBit as FlippedBit,
    )
    from primum.vault.illnesses import (
        Hole as Hole,
    )
    from primum.vault.illnesses import (
        Illness as Illness,
    )
    from primum.vault.illnesses import (
        KeyBroken as KeyBroken,
    )
    from primum.vault.illnesses import (
        Leftover as Leftover,
    )
    from primum.vault.illnesses import (
        MissingKey as MissingKey,
    )
    from primum.vault.illnesses import (
        RecordsMissing as RecordsMissing,
    )
    from primum.vault.illnesses import (
        ReorderedRecord as ReorderedRecord,
    )
    from primum.vault.illnesses import (
        ReorderedSegment as ReorderedSegment,
    )
    from primum.vault.illnesses import (
        RolledBack as RolledBack,
    )
    from primum.vault.illnesses import (
        TornTail as TornTail,
    )
    from primum.vault.illnesses import (
        WrongStudy as WrongStudy,
    )
    from primum.vault.keys import (
        ROOT_BYTES as ROOT_BYTES,
    )
    from primum.vault.keys import (
        Label as Label,
    )
    from primum.vault.keys import (
        RootKey as RootKey,
    )
    from primum.vault.keys import (
        VaultKeys as VaultKeys,
    )
    from primum.vault.keys import (
        open_small as open_small,
    )
    from primum.vault.keys import (
        seal_small as seal_small,
    )
    from primum.vault.limits import Limits as Limits
    from primum.vault.model import (
        Erased as Erased,
    )
    from primum.vault.model import (
        Frames as Frames,
    )
    from primum.vault.model import (
        PackInfo as PackInfo,
    )
    from primum.vault.model import (
        Position as Position,
    )
    from primum.vault.model import (
        RecordFacts as RecordFacts,
    )
    from primum.vault.model import (
        StudyRef as StudyRef,
    )
    from primum.vault.model import (
        Tail as Tail,
    )
    from primum.vault.places import create_layout as create_layout
    from primum.vault.reading import Record as Record
    from primum.vault.refusals import (
        BadFrames as BadFrames,
    )
    from primum.vault.refusals import (
        BadReference as BadReference,
    )
    from primum.vault.refusals import (
        DiscFull as DiscFull,
    )
    from primum.vault.refusals import (
        ExportExists as ExportExists,
    )
    from primum.vault.refusals import (
        FactsTooLong as FactsTooLong,
    )
    from primum.vault.refusals import (
        GuardExists as GuardExists,
    )
    from primum.vault.refusals import (
        GuardUnreadable as GuardUnreadable,
    )
    from primum.vault.refusals import (
        HomeAltered as HomeAltered,
    )
    from primum.vault.refusals import (
        KeyFileOpen as KeyFileOpen,
    )
    from primum.vault.refusals import (
        KeyFileUnfit as KeyFileUnfit,
    )
    from primum.vault.refusals import (
        KeyringExists as KeyringExists,
    )
    from primum.vault.refusals import (
        NoSuchGuard as NoSuchGuard,
    )
    from primum.vault.refusals import (
        RecordAbsent as RecordAbsent,
    )
    from primum.vault.refusals import (
        SealBroken as SealBroken,
    )
    from primum.vault.refusals import (
        StudyInUse as StudyInUse,
    )
    from primum.vault.refusals import (
        TooLarge as TooLarge,
    )
    from primum.vault.refusals import (
        UnknownVersion as UnknownVersion,
    )
    from primum.vault.refusals import (
        WriteRefused as WriteRefused,
    )
    from primum.vault.refusals import (
        WrongKeyFile as WrongKeyFile,
    )
    from primum.vault.refusals import (
        WrongPassphrase as WrongPassphrase,
    )
    from primum.vault.refusals import (
        WrongRecoveryKey as WrongRecoveryKey,
    )
    from primum.vault.service import Vault as Vault
    from primum.vault.service import open_vault as open_vault
    from primum.vault.stream import RecordStream as RecordStream
    from primum.vault.writer import Writer as Writer

__getattr__, __dir__, __all__ = front(__file__, __name__)
