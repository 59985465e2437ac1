//! The shortest episode that fails in the same way.

use crate::episode::{Episode, Part};
use crate::play::play;

/// How often an episode is played at most while it is made shorter.
const MOST_TRIES: usize = 40;

/// Leaves out whatever can be left out. What depends on time may hide a failure: then more stays than is needed.
pub fn shrink(episode: &Episode, kind: &str, round: usize) -> Episode {
    let later = (round + 1..episode.rounds.len()).map(Part::Round);
    let mut shortest = episode.without(later);
    let mut tries = 0;
    let is_round = |part: &Part| matches!(part, Part::Round(_));
    // Rounds first, from the last: most of an episode has nothing to do with a failure.
    for rounds in [true, false] {
        for part in shortest.parts().into_iter().rev().filter(|part| is_round(part) == rounds) {
            if tries == MOST_TRIES || part == Part::Round(round) || !shortest.has(part) {
                continue;
            }
            tries += 1;
            let shorter = shortest.without([part]);
            if play(&shorter).violation.is_some_and(|(_, violation)| violation.kind == kind) {
                shortest = shorter;
            }
        }
    }
    shortest
}
