"""MLflow's Java client, with the jars that `make compat-loggers` had Maven fetch to $JAVA_CLIENT."""

import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def test_java(server, tmp_path):
    jars = os.path.join(os.environ["JAVA_CLIENT"], "*")
    subprocess.run(["javac", "-cp", jars, "-d", str(tmp_path), os.path.join(HERE, "java", "Client.java")], check=True)
    done = subprocess.run(["java", "-cp", f"{tmp_path}:{jars}", "Client", server.url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0 and done.stdout.endswith("done\n"), done.stdout
