// The value of main is the exit code.
// exit: 42
int main(void) { return 42; }
