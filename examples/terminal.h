/* terminal.h - what an editor needs of a terminal: bytes as they are typed, its modes back on every
   way out, its size, and how many columns a character takes. It writes to stderr. */
#ifndef SLM_TERMINAL_H
#define SLM_TERMINAL_H
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

static const int terminal_signals[] = {SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};
enum { TERMINAL_SIGNALS = sizeof terminal_signals / sizeof terminal_signals[0] };
static struct sigaction terminal_actions[TERMINAL_SIGNALS]; /* as they were */
static struct termios terminal_modes;                       /* likewise */
static volatile sig_atomic_t terminal_raw; /* they are not as they were */
static volatile sig_atomic_t terminal_wanted, terminal_changed; /* changed: draw it again */

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
    if (number != SIGWINCH && terminal_wanted) terminal_enter();
    terminal_changed = 1;
    errno = saved;
}

static void terminal_end(void) {
    size_t i;
    terminal_wanted = 0;
    terminal_leave(); /* while signals are caught: none may come between */
    for (i = 0; i < TERMINAL_SIGNALS; i++)
        sigaction(terminal_signals[i], &terminal_actions[i], NULL);
}

/* Until terminal_end; 0: there is no terminal. */
static int terminal_begin(void) {
    size_t i;
    if (tcgetattr(0, &terminal_modes) != 0) return 0;
    for (i = 0; i < TERMINAL_SIGNALS; i++) {
        sigaction(terminal_signals[i], NULL, &terminal_actions[i]);
        if (terminal_actions[i].sa_handler != SIG_IGN)
            terminal_catch(terminal_signals[i], terminal_on_signal);
    }
    terminal_wanted = 1;
    if (terminal_enter()) return 1;
    terminal_end();
    return 0;
}

static void terminal_size(size_t *height, size_t *width) {
    struct winsize size;
    int known = ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 && size.ws_col > 7;
    *height = known ? size.ws_row : 24u;
    *width = known ? size.ws_col : 80u;
}

/* The columns that a character takes, as libc knows them; it has to know that text is UTF-8. */
static size_t terminal_columns(uint32_t code) {
    static int known;
    int columns;
    if (!known) known = setlocale(LC_CTYPE, "C.UTF-8") || setlocale(LC_CTYPE, "UTF-8") ? 1 : -1;
    columns = known > 0 ? wcwidth((wchar_t)code) : 1;
    return columns >= 0 ? (size_t)columns : 1;
}
#endif
