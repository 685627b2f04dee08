/*
 * Loaded into user-mode-linux before it starts (LD_PRELOAD). Its 6.1 kernel gives every program's registers back in a buffer of
 * fixed size, and Linux takes back nothing but the whole: on a processor with more registers than the buffer was made for (AMX),
 * the first program of the machine is ended by SIGSEGV. Here what the buffer lacks is filled with what the program has now.
 * Nothing is lost: the registers that do not fit are AMX tiles, which a program has only after asking the kernel for them, and
 * user-mode-linux knows no such request.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char registers[1 << 16] __attribute__((aligned(64)));

long ptrace(enum __ptrace_request request, ...) {
  va_list rest;
  va_start(rest, request);
  pid_t pid = va_arg(rest, pid_t);
  void *address = va_arg(rest, void *);
  void *data = va_arg(rest, void *);
  va_end(rest);

  if (request == PTRACE_SETREGSET && (uintptr_t)address == NT_X86_XSTATE) {
    const struct iovec *given = data;
    struct iovec whole = {registers, sizeof registers};
    if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, address, &whole) == 0 && whole.iov_len > given->iov_len) {
      memcpy(registers, given->iov_base, given->iov_len);
      return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, address, &whole);
    }
  }
  /* The system call stores what it has peeked where libc returns it */
  if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
    long word;
    long result = syscall(SYS_ptrace, request, pid, address, &word);
    return result == 0 ? word : result;
  }
  return syscall(SYS_ptrace, request, pid, address, data);
}
