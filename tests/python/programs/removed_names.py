"""A program that takes away what it stands on, watches its own end, and asks for an exit code that no system has."""
import atexit
import builtins
import sys

atexit.register(sys.stdout.write, "at exit\n")
print("removed", len([name for name in dir(builtins) if name == "print"]), flush=True)
code = 10**20
leave = sys.exit
sys.setprofile(lambda *arguments: sys.version)
vars(builtins).clear()
leave(code)
