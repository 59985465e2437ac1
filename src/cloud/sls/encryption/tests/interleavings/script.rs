//! The choices of a run, counted through like the positions of an odometer.

/// The choices of one run.
#[derive(Default)]
pub(super) struct Script {
    /// The option chosen, and how many options there are.
    choices: Vec<(usize, usize)>,
    at: usize,
}

impl Script {
    pub(super) fn choose(&mut self, options: usize) -> usize {
        if self.at == self.choices.len() {
            self.choices.push((0, options));
        }
        let (option, known) = self.choices[self.at];
        assert_eq!(known, options, "the run is not deterministic");
        self.at += 1;
        option
    }

    /// Sets the next script; `false` after the last one.
    pub(super) fn next(&mut self) -> bool {
        self.at = 0;
        while let Some((option, options)) = self.choices.pop() {
            if option + 1 < options {
                self.choices.push((option + 1, options));
                return true;
            }
        }
        false
    }
}
