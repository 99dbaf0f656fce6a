//! The faults, crate by crate: each a mistake that somebody could make, with what goes wrong.
//!
//! Names begin with the crate that the fault lies in. What catches each of them is written down in
//! `tests/planted.md`, by the command that tries them.

/// Declares the enum with the name and the one line of each fault.
macro_rules! faults {
    ($(#[doc = $what:literal] $fault:ident = $name:literal,)+) => {
        /// A fault that can be in force.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            $(#[doc = $what] $fault,)+
        }

        impl Fault {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$fault,)+];

            /// Its name, by which the environment chooses it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$fault => $name,)+
                }
            }

            /// What goes wrong.
            #[must_use]
            pub fn what(self) -> &'static str {
                match self {
                    $(Self::$fault => $what.trim_ascii(),)+
                }
            }
        }
    };
}

faults! {
    /// The last row of a segment is cleared by every narrowing kernel.
    LastRowLost = "kernels/last-row-lost",
    /// Rows behind the end of a column stay in the mask.
    RowsPastDataKept = "kernels/rows-past-data-kept",
    /// The first of 64 rows is lost where so few are left that they are tested one by one.
    LoneRowLost = "kernels/lone-row-lost",
    /// A range of doubles takes its open upper end for a closed one.
    OpenEndClosed = "kernels/open-end-closed",

    /// A write leaves the etag as it was.
    EtagKept = "model/etag-kept",
    /// A string of just the greatest length counts as too long.
    StringLimitShort = "model/string-limit-short",
    /// Of a key that comes twice in an object both entries stay.
    DuplicateKeyKept = "model/duplicate-key-kept",

    /// Canonical text leaves out parentheses that are needed.
    ParenthesesDropped = "lang/parentheses-dropped",
    /// `<=` is read as `<`.
    LessOrEqualAsLess = "lang/less-or-equal-as-less",

    /// NOT of undefined is true.
    NotUndefinedTrue = "plan/not-undefined-true",
    /// What is missing is unequal to everything, where it should be undefined.
    MissingUnequal = "plan/missing-unequal",
    /// NOT goes into an AND without making an OR of it.
    NotKeepsAnd = "plan/not-keeps-and",
    /// The backslash of a LIKE pattern stands for itself.
    LikeEscapeLiteral = "plan/like-escape-literal",

    /// A page begins with the row that the one before ended with.
    PageRepeatsRow = "exec/page-repeats-row",
    /// A last page that is full gives a token all the same.
    TokenToEmptyPage = "exec/token-to-empty-page",
    /// LIMIT counts the rows of each page anew.
    LimitPerPage = "exec/limit-per-page",
    /// Rows with equal sort keys come in the opposite order.
    TiesReversed = "exec/ties-reversed",
    /// A segment whose best number equals the worst row kept is passed over.
    EqualBarred = "exec/equal-barred",
    /// A percentile between two ranks is that of the lower one.
    PercentileRankLow = "exec/percentile-rank-low",
    /// Merging two sums forgets how many numbers went into the second.
    MergeForgetsCount = "exec/merge-forgets-count",
    /// NOT IN keeps rows that miss the path.
    NotInMissing = "exec/not-in-missing",
    /// An object with a `value` is taken for an acknowledgement whatever else it lacks.
    AckGuessed = "exec/ack-guessed",

    /// A row that changes or goes stays in the posting of its old value.
    PostingKept = "index/posting-kept",
    /// The row that turns a posting's list into bits is left out.
    PostingTurnLosesRow = "index/posting-turn-loses-row",
    /// The count of a value that a row loses stays as it was.
    CountKept = "index/count-kept",
    /// A number written outside its zone's bounds does not widen them.
    ZoneNotWidened = "index/zone-not-widened",
    /// Numbers outside the frame keep their slots when a sparse lane becomes dense.
    ExceptionsNotMoved = "index/exceptions-not-moved",
    /// Code 256 is written into a column of bytes.
    ByteCodeTooWide = "index/byte-code-too-wide",
    /// Code 65,536 is written into a column of two bytes.
    ShortCodeTooWide = "index/short-code-too-wide",
    /// The seventh digit of a stamp is not printed.
    StampTrimmed = "index/stamp-trimmed",
    /// A cell that is removed leaves no before-image.
    ClearedNotKept = "index/cleared-not-kept",
    /// Null in a merge removes an object and leaves what lay below.
    SubtreeKept = "index/subtree-kept",
    /// Questions about kinds are answered with the newest writes.
    KindsOfNow = "index/kinds-of-now",
    /// Totals of the newest writes answer readers of an old version.
    TotalsOfNow = "index/totals-of-now",
    /// Values by segment are counted as the newest writes left them.
    CountsOfNow = "index/counts-of-now",
    /// Formulas over planes are of the newest writes.
    PlanesOfNow = "index/planes-of-now",
    /// Numbers are added up as the newest writes left them.
    NumbersOfNow = "index/numbers-of-now",
    /// Zones are of the newest writes, so a best row of an old version may lie in one passed over.
    ZonesOfNow = "index/zones-of-now",
    /// Readers of an old version see cells of a twin that took a row later.
    LaterTwinSeen = "index/later-twin-seen",
    /// Before-images go while a reader still has their version open.
    PruneTooEager = "index/prune-too-eager",
    /// `$version` of a section goes up by two.
    SectionVersionTwice = "index/section-version-twice",
    /// A deleted device leaves its modules behind.
    ModulesKept = "index/modules-kept",
    /// A write goes through whatever etag it asks for.
    EtagUnchecked = "index/etag-unchecked",
    /// Only the innermost level of a change gets a new stamp in `$metadata`.
    OuterLevelsUnmarked = "index/outer-levels-unmarked",
    /// A text that is written again while its dictionary is looked through may be dropped.
    CodeInUseDropped = "index/code-in-use-dropped",
    /// The catalogue's totals never go down.
    TotalKept = "index/total-kept",
    /// The redo of a batch does not tell of new paths.
    RedoWithoutPaths = "index/redo-without-paths",
    /// A checkpoint has lanes and no dictionaries.
    CheckpointWithoutDictionary = "index/checkpoint-without-dictionary",

    /// A sync of the log does nothing.
    LogNotSynced = "store/log-not-synced",
    /// The name of a new file of the log is not synced.
    LogNameNotSynced = "store/log-name-not-synced",
    /// After a sync that failed the log goes on.
    FailedSyncForgotten = "store/failed-sync-forgotten",
    /// A frame calls frames before it durable that were only appended.
    DurableOverstated = "store/durable-overstated",
    /// Files of the log go that no checkpoint has replaced.
    LogCutTooEarly = "store/log-cut-too-early",
    /// A torn tail is reported as damage.
    TornTakenForDamage = "store/torn-taken-for-damage",
    /// A damaged frame before durable ones is cut off as a torn tail.
    DamageTakenForTorn = "store/damage-taken-for-torn",
    /// A torn tail stays in the file behind the frames to come.
    TornTailKept = "store/torn-tail-kept",
    /// Frames of another store pass the checksum.
    ChecksumWithoutStore = "store/checksum-without-store",
    /// The manifest is renamed before its bytes are synced.
    ManifestNotSynced = "store/manifest-not-synced",
    /// The new name of the manifest is not synced.
    ManifestNameNotSynced = "store/manifest-name-not-synced",
    /// The manifest is written before the extents it names are synced.
    ExtentNotSynced = "store/extent-not-synced",
    /// The manifest is written before the names of its extents are synced.
    ExtentNameNotSynced = "store/extent-name-not-synced",
    /// The checksum of a part is not looked at.
    PartUnchecked = "store/part-unchecked",
    /// A second process opens a directory that is locked.
    LockNotTaken = "store/lock-not-taken",

    /// The last byte of an input without a line break at its end is lost.
    LastByteLost = "io/last-byte-lost",

    /// Writes are acknowledged before the log is synced.
    AckBeforeSync = "twindex/ack-before-sync",
    /// A batch that could not be logged is not rolled back.
    FailedBatchStays = "twindex/failed-batch-stays",
    /// A reopened store goes on with the version of its checkpoint.
    VersionOfCheckpoint = "twindex/version-of-checkpoint",
    /// Readers see a batch before all of its writes are done.
    HalfBatchSeen = "twindex/half-batch-seen",
    /// The second change of each batch is missing in the feed.
    EventLost = "twindex/event-lost",
    /// A subscriber that fell behind is not told so.
    LagUntold = "twindex/lag-untold",
    /// A feed claims to know what came before its store was opened.
    FeedPretends = "twindex/feed-pretends",
}

impl Fault {
    /// The fault of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name)
    }

    /// The crate that it lies in, without the prefix that all have.
    #[must_use]
    pub fn place(self) -> &'static str {
        self.name().split('/').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Fault;

    #[test]
    fn names_are_unique_and_lead_back() {
        let names: BTreeSet<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        assert_eq!(names.len(), Fault::ALL.len());
        for fault in Fault::ALL {
            assert_eq!(Fault::named(fault.name()), Some(*fault));
            assert!(!fault.what().is_empty() && fault.name().contains('/'));
        }
        assert_eq!(Fault::named("kernels"), None);
    }
}
