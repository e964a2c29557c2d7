//go:build e2e

// Package aws holds the tests against moto, an emulator of AWS, which runs behind a
// proxy of our own: moto does not page as AWS does, and never fails. `make e2e`
// brings the virtual environment that MUSTER_AWS names.
//
// There is one emulator for a whole run, started by the first test that asks for
// it; each test has accounts of its own.
package aws

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/muster-nhi/muster/internal/e2e/peer"
)

// region is where tests keep what they make.
const region = "eu-central-1"

// A world is a running emulator.
type world struct {
	url string

	mu    sync.Mutex
	in    io.WriteCloser
	out   *bufio.Reader
	cmd   *exec.Cmd
	ready map[string]bool // accounts that are filled
}

var shared struct {
	once sync.Once
	*world
	err     error
	program peer.Program
}

// TestMain ends the emulator, whatever the tests came to.
func TestMain(m *testing.M) {
	os.Exit(shared.program.Main("muster-aws-", func() int {
		code := m.Run()
		if shared.world != nil {
			_ = shared.in.Close()
			_ = shared.cmd.Wait()
		}
		return code
	}))
}

// environment returns the virtual environment with moto and botocore.
func environment(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("MUSTER_AWS")
	if dir == "" {
		t.Fatal("MUSTER_AWS is not set: it must name the virtual environment with moto; run make e2e, which brings it")
	}
	return dir
}

// emulator returns the emulator.
func emulator(t testing.TB) *world {
	t.Helper()
	python := filepath.Join(environment(t), "bin", "python")
	shared.once.Do(func() {
		shared.world, shared.err = start(python, shared.program.Dir())
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.world
}

func start(python, dir string) (*world, error) {
	w := &world{cmd: exec.Command(python, filepath.Join("moto", "server.py")), ready: map[string]bool{}}
	log, err := os.Create(filepath.Join(dir, "moto.log"))
	if err != nil {
		return nil, err
	}
	w.cmd.Stderr = log
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	w.out = bufio.NewReaderSize(out, 1<<20)
	var hello struct{ URL string }
	line, err := w.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &hello)
	}
	if err != nil {
		text, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("start moto: %w: %s", err, text)
	}
	w.url = hello.URL
	return w, nil
}

// order has the emulator do something and returns its answer.
func (w *world) order(t testing.TB, order map[string]any) any {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	data, err := json.Marshal(order)
	if err == nil {
		_, err = w.in.Write(append(data, '\n'))
	}
	var answer struct {
		Answer any
		Error  string
	}
	if err == nil {
		var line []byte
		if line, err = w.out.ReadBytes('\n'); err == nil {
			err = json.Unmarshal(line, &answer)
		}
	}
	if err == nil && answer.Error != "" {
		err = errors.New(answer.Error)
	}
	if err != nil {
		t.Fatalf("%v: %v", order["do"], err)
	}
	return answer.Answer
}

// call has boto3 make one call.
func (w *world) call(t testing.TB, account, service, operation string, params map[string]any) any {
	t.Helper()
	return w.order(t, map[string]any{"do": "call", "account": account, "region": region, "service": service, "operation": operation, "params": params})
}

// once fills an account the first time that a test asks for it.
func (w *world) once(t testing.TB, account string, order map[string]any) {
	t.Helper()
	if w.ready[account] {
		return
	}
	w.ready[account] = true
	order["account"], order["region"] = account, region
	if failed, _ := w.order(t, order).(map[string]any); len(failed) > 0 {
		t.Errorf("moto could not be given everything: %v", failed)
	}
}

// The accounts that tests share.
const (
	northwind = "111122223333" // one thing of each kind
	fleet     = "222233334444" // 1,000 users, 2,000 roles, 500 secrets
)

// canaries are values that a scan must never see, made when tests run.
func canaries() []string {
	var out []string
	for i := range 20 {
		out = append(out, fmt.Sprintf("cana"+"ry-%02d-q7Zx%dWv", i, 7919*(i+1)))
	}
	return out
}

// kinds returns a proxy before an account with one thing of each kind.
func kinds(t testing.TB) *proxy {
	t.Helper()
	w := emulator(t)
	w.once(t, northwind, map[string]any{"do": "kinds", "canaries": canaries()})
	return newProxy(t, w, northwind)
}

// large returns a proxy before the account that costs are measured with.
func large(t testing.TB) *proxy {
	t.Helper()
	w := emulator(t)
	w.once(t, fleet, map[string]any{"do": "large", "users": 1000, "roles": 2000, "secrets": 500})
	return newProxy(t, w, fleet)
}
