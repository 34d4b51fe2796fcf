/* terminal.h - what an editor needs of a terminal: bytes as they are typed, its modes back on every
   way out, its size, and how many columns a character takes. It writes to stderr. */
#ifndef SLM_TERMINAL_H
#define SLM_TERMINAL_H
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static const int terminal_signals[] = {SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};
enum { TERMINAL_SIGNALS = sizeof terminal_signals / sizeof terminal_signals[0] };
static struct sigaction terminal_actions[TERMINAL_SIGNALS]; /* as they were */
static struct termios terminal_modes;                     /* likewise */
static volatile sig_atomic_t terminal_raw, terminal_changed; /* changed: draw it again */

static void terminal_write(const char *bytes, size_t size) {
    while (size) {
        ssize_t written = write(2, bytes, size);
        if (written < 0 && errno != EINTR) return;
        if (written > 0) bytes += written, size -= (size_t)written;
    }
}

static void terminal_leave(void) {
    if (!terminal_raw) return;
    terminal_raw = 0;
    terminal_write("\033[?2004l", 8);
    tcsetattr(0, TCSANOW, &terminal_modes);
}

/* Bytes as they are typed, pastes between marks. Output stays as it is. */
static int terminal_enter(void) {
    struct termios raw = terminal_modes;
    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(0, TCSANOW, &raw) != 0) return 0;
    terminal_raw = 1;
    terminal_write("\033[?2004h", 8);
    return 1;
}

static void terminal_catch(int number, void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_NODEFER;
    sigaction(number, &action, NULL);
}

/* Signals that end or stop the program find the terminal as it was. */
static void terminal_on_signal(int number) {
    int saved = errno;
    if (number != SIGWINCH && number != SIGCONT) {
        terminal_leave();
        terminal_catch(number, SIG_DFL);
        raise(number);
    }
    if (number == SIGTSTP) terminal_catch(number, terminal_on_signal);
    if (number != SIGWINCH) terminal_enter();
    terminal_changed = 1;
    errno = saved;
}

/* Until terminal_end; 0: there is no terminal. */
static int terminal_begin(void) {
    size_t i;
    if (tcgetattr(0, &terminal_modes) != 0 || !terminal_enter()) return 0;
    for (i = 0; i < TERMINAL_SIGNALS; i++) {
        sigaction(terminal_signals[i], NULL, &terminal_actions[i]);
        if (terminal_actions[i].sa_handler != SIG_IGN)
            terminal_catch(terminal_signals[i], terminal_on_signal);
    }
    return 1;
}

static void terminal_end(void) {
    size_t i;
    for (i = 0; i < TERMINAL_SIGNALS; i++)
        sigaction(terminal_signals[i], &terminal_actions[i], NULL);
    terminal_leave();
}

static void terminal_size(size_t *height, size_t *width) {
    struct winsize size;
    int known = ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 && size.ws_col > 7;
    *height = known ? size.ws_row : 24u;
    *width = known ? size.ws_col : 80u;
}

/* ---- columns ------------------------------------------------------------------------------ */

static const uint32_t terminal_none[] = { /* first, last: combining marks, joiners */
    0x300,  0x36F,  0x483,  0x489,  0x591,  0x5BD,  0x610,  0x61A,  0x64B,  0x65F,  0x93C,  0x93C,
    0x941,  0x948,  0x94D,  0x94D,  0xE31,  0xE31,  0xE34,  0xE3A,  0xE47,  0xE4E,  0x1AB0, 0x1AFF,
    0x1DC0, 0x1DFF, 0x200B, 0x200F, 0x202A, 0x202E, 0x2060, 0x2064, 0x20D0, 0x20F0, 0x3099, 0x309A,
    0xFE00, 0xFE0F, 0xFE20, 0xFE2F, 0xFEFF, 0xFEFF};
static const uint32_t terminal_wide[] = { /* East Asian wide ones, emoji */
    0x1100,  0x115F,  0x231A,  0x231B,  0x23E9,  0x23EC,  0x2614,  0x2615,  0x26A1,  0x26A1,
    0x2705,  0x2705,  0x270A,  0x270B,  0x2728,  0x2728,  0x274C,  0x274C,  0x2753,  0x2755,
    0x2B50,  0x2B50,  0x2E80,  0x303E,  0x3041,  0x33FF,  0x3400,  0x4DBF,  0x4E00,  0xA4CF,
    0xA960,  0xA97F,  0xAC00,  0xD7A3,  0xF900,  0xFAFF,  0xFE30,  0xFE6F,  0xFF00,  0xFF60,
    0xFFE0,  0xFFE6,  0x1F300, 0x1F64F, 0x1F680, 0x1F6FF, 0x1F900, 0x1F9FF, 0x1FA70, 0x1FAFF,
    0x20000, 0x3FFFD};

static int terminal_within(const uint32_t *ranges, size_t bytes, uint32_t code) {
    size_t i;
    for (i = 0; i < bytes / sizeof *ranges; i += 2)
        if (code >= ranges[i] && code <= ranges[i + 1]) return 1;
    return 0;
}

/* Of a character that is printed. */
static size_t terminal_columns(uint32_t code) {
    if (terminal_within(terminal_none, sizeof terminal_none, code)) return 0;
    return terminal_within(terminal_wide, sizeof terminal_wide, code) ? 2 : 1;
}
#endif
