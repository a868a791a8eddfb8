"""What a session may have and how long things may take."""

from pydantic import Field

from graders.sandbox.base import RunLimits
from graders.spec import Authored


class ConsoleRules(Authored):
    """Quotas and limits of one session. Sizes in MiB, times in seconds."""

    containers: int = Field(default=5, ge=1, le=10)
    images: int = Field(default=5, ge=0, le=10)
    """Of the session's own."""
    volumes: int = Field(default=5, ge=0, le=10)
    networks: int = Field(default=3, ge=0, le=5)
    memory_mib: int = Field(default=64, ge=8, le=512)
    """Of one container."""
    pids: int = Field(default=32, ge=4, le=128)
    cpus: float = Field(default=0.5, gt=0, le=2)
    file_mib: int = Field(default=32, ge=1, le=256)
    """Largest file that a container may write."""
    disk_mib: int = Field(default=128, ge=8, le=1024)
    """What the session's containers, volumes and images may hold together; whoever tends the engine sees to it."""
    foreground_seconds: float = Field(default=10.0, gt=0, le=60)
    """How long the console waits for what runs in the foreground before it lets go of it."""
    build_seconds: float = Field(default=60.0, gt=0, le=300)
    output_bytes: int = Field(default=64 * 1024, ge=1024, le=1024 * 1024)
    """Of one line; what is printed beyond it is cut, and said to be."""
    log_bytes: int = Field(default=256 * 1024, ge=16 * 1024, le=1024 * 1024)
    """Of one container, kept by the engine for `docker logs`."""
    line_bytes: int = Field(default=4096, ge=256, le=16 * 1024)
    files: int = Field(default=50, ge=1, le=500)
    """Files in the lab's folder."""
    folder_mib: float = Field(default=2, gt=0, le=20)
    engine_containers: int = Field(default=100, ge=1, le=1000)
    """Running containers of all sessions together, beyond which none is started."""

    def run_limits(self) -> RunLimits:
        """Limits of one container."""
        return RunLimits(
            seconds=self.foreground_seconds,
            memory_mib=self.memory_mib,
            pids=self.pids,
            cpus=self.cpus,
            output_bytes=self.output_bytes,
            writable_mib=self.file_mib,
        )
