//! The terminal: taken over when this begins, and given back as it was when it is dropped, however that comes.

use std::io::{self, Stdout, Write};

use crossterm::{
    cursor::{Hide, MoveTo, Show},
    execute, queue,
    style::Print,
    terminal::{
        Clear, ClearType, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen,
        disable_raw_mode, enable_raw_mode, size,
    },
};

use super::line::{Line, Tones};

/// Where a terminal does not say how large it is.
const USUAL: (u16, u16) = (80, 24);

/// See the module.
pub(super) struct Screen {
    out: Stdout,
    tones: Tones,
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When there is none that can be.
    pub(super) fn open(tones: Tones) -> io::Result<Self> {
        enable_raw_mode()?;
        // From here on it is given back.
        let mut screen = Self { out: io::stdout(), tones };
        execute!(screen.out, EnterAlternateScreen, Hide, DisableLineWrap)?;
        Ok(screen)
    }

    /// Shows these lines and nothing else.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn draw(&mut self, lines: &[Line]) -> io::Result<()> {
        // Written at once, so that no half of a screen is seen.
        let mut text = Vec::new();
        for (row, line) in (0..u16::MAX).zip(lines) {
            let written = Print(line.written(self.tones));
            queue!(text, MoveTo(0, row), Clear(ClearType::CurrentLine), written)?;
        }
        let end = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        queue!(text, MoveTo(0, end))?;
        if usize::from(end) < dimensions().1 {
            queue!(text, Clear(ClearType::FromCursorDown))?;
        }
        self.out.write_all(&text)?;
        self.out.flush()
    }
}

/// How many columns and rows the terminal has.
pub(super) fn dimensions() -> (usize, usize) {
    // Some that are no real ones say nothing, or zero.
    let (columns, rows) = size().ok().filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or(USUAL);
    (columns.into(), rows.into())
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nobody is left to tell when the terminal has gone.
        let _gone = execute!(self.out, EnableLineWrap, Show, LeaveAlternateScreen);
        let _gone = disable_raw_mode();
    }
}
