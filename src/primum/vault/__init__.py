"""The vault: sealed bytes and keys. Format, ordering and threat model: docs/design/vault.md."""

from typing import TYPE_CHECKING

from primum.ground.front import front

if TYPE_CHECKING:
    from primum.vault.carrying import CARRIED, is_committed
    from primum.vault.digests import begin_digest, digest_of
    from primum.vault.export import (
        KEPT,
        Generation,
        WrappedFile,
        list_generations,
        prune_generations,
    )
    from primum.vault.guards import (
        Argon2Cost,
        Guard,
        KeyFileGuard,
        PassphraseGuard,
        RecoveryGuard,
        add_guard,
        create_root,
        list_guards,
        seal_home,
        unlock,
        verify_home,
    )
    from primum.vault.illnesses import (
        FlippedBit,
        Hole,
        Illness,
        KeyBroken,
        Leftover,
        MissingKey,
        RecordsMissing,
        ReorderedRecord,
        ReorderedSegment,
        RolledBack,
        TornTail,
        WrongStudy,
    )
    from primum.vault.keys import (
        ROOT_BYTES,
        Label,
        RootKey,
        VaultKeys,
        open_small,
        seal_small,
    )
    from primum.vault.limits import Limits
    from primum.vault.model import (
        Erased,
        Frames,
        PackInfo,
        Position,
        RecordFacts,
        Rewritten,
        StudyRef,
        Tail,
    )
    from primum.vault.places import create_layout
    from primum.vault.reading import Record
    from primum.vault.refusals import (
        BadFrames,
        BadReference,
        DiscFull,
        ExportExists,
        FactsTooLong,
        GuardExists,
        GuardUnreadable,
        HomeAltered,
        KeyFileOpen,
        KeyFileUnfit,
        KeyringDamaged,
        KeyringExists,
        NoSuchGuard,
        RecordAbsent,
        RewriteRefused,
        RotationUnfinished,
        SameGuard,
        SealBroken,
        StudyInUse,
        TooLarge,
        UnknownVersion,
        WriteRefused,
        WrongKeyFile,
        WrongPassphrase,
        WrongRecoveryKey,
    )
    from primum.vault.service import Vault, open_vault
    from primum.vault.stream import RecordStream
    from primum.vault.writer import Writer
else:
    __getattr__, __dir__, __all__ = front(__file__, __name__)
