//go:build !unix

package plugin

import (
	"io/fs"
	"os/exec"
)

// ownGroup does nothing: there are no process groups.
func ownGroup(*exec.Cmd) {}

// killGroup ends a call. Its children go on, for there are no process groups.
func killGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }

// File modes say nothing about execution here.
func mayRun(fs.FileMode) bool        { return true }
func writableByAll(fs.FileMode) bool { return false }
