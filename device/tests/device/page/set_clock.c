/* Shifts a program's wall clock by the seconds in the file CLOCK_OFFSET_FILE; other clocks are unchanged. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef int (*clock_function)(clockid_t, struct timespec *);

int clock_gettime(clockid_t clock, struct timespec *time) {
  static clock_function real;
  if (!real) real = (clock_function)dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, time);
  const char *name = getenv("CLOCK_OFFSET_FILE");
  if (result == 0 && clock == CLOCK_REALTIME && name) {
    char text[32] = {0};
    int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
      if (read(file, text, sizeof text - 1) > 0) time->tv_sec += strtoll(text, NULL, 10);
      close(file);
    }
    if (time->tv_sec < 0) time->tv_sec = 0;
  }
  return result;
}
