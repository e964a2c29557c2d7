//go:build e2e

// Package kubernetes holds the tests against a real Kubernetes control plane:
// etcd, kube-apiserver and kube-controller-manager as .ci/kubernetes builds
// them from the module in server/. `make e2e` brings the programs.
//
// There is one control plane for a whole run, started by the first test that
// asks for it; each test has namespaces of its own. Nothing schedules or runs
// pods, so that they stay objects.
package kubernetes

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// auditPolicy notes every request but those with which a test loads its
// objects.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  users: [` + loader + `]
- level: None
  userGroups: ["system:nodes"]
- level: Metadata
`

// loader is the user as whom tests load what they need; administrator is one
// whose requests the audit log notes.
const (
	loader        = "loader"
	administrator = "administrator"
)

// controllers are those that an inventory can tell apart from a cluster
// without them: accounts, tokens, signing requests, namespaces, aggregation.
// None of them makes pods of a Deployment.
const controllers = "serviceaccount-controller,serviceaccount-token-controller," +
	"legacy-serviceaccount-token-cleaner-controller,certificatesigningrequest-signing-controller," +
	"certificatesigningrequest-approving-controller,certificatesigningrequest-cleaner-controller," +
	"namespace-controller,clusterrole-aggregation-controller,root-ca-certificate-publisher-controller"

// A plane is a running control plane.
type plane struct {
	dir      string
	programs string
	pki      pki
	url      string // of the API server
	etcd     string

	mu      sync.Mutex
	running map[string]*process
}

var shared struct {
	once sync.Once
	*plane
	err error
}

// TestMain ends the control plane, whatever the tests came to.
func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		os.Exit(child(name))
	}
	code := m.Run()
	if shared.plane != nil {
		shared.stop()
		if code != 0 {
			shared.logs(os.Stderr)
		}
		if keep := os.Getenv("MUSTER_KUBERNETES_KEEP"); keep == "" {
			os.RemoveAll(shared.dir)
		}
	}
	os.Exit(code)
}

// control returns the control plane of this run.
func control(t testing.TB) *plane {
	t.Helper()
	shared.once.Do(func() { shared.plane, shared.err = start() })
	if shared.err != nil {
		if shared.plane != nil {
			shared.logs(os.Stderr)
		}
		t.Fatalf("the control plane did not come up: %v", shared.err)
	}
	return shared.plane
}

func start() (*plane, error) {
	programs := os.Getenv("MUSTER_KUBERNETES")
	if programs == "" {
		return nil, fmt.Errorf("MUSTER_KUBERNETES is not set: it must name the directory that .ci/kubernetes prints; run make e2e, which brings it")
	}
	dir, err := os.MkdirTemp("", "muster-kubernetes-")
	if err != nil {
		return nil, err
	}
	p := &plane{dir: dir, programs: programs, running: map[string]*process{}}
	if p.pki, err = newPKI(dir); err != nil {
		return p, err
	}
	ports, err := freePorts(3)
	if err != nil {
		return p, err
	}
	p.etcd = "http://127.0.0.1:" + ports[0]
	p.url = "https://127.0.0.1:" + ports[2]
	if err := os.WriteFile(p.file("audit-policy.yaml"), []byte(auditPolicy), 0o600); err != nil {
		return p, err
	}
	peer := "http://127.0.0.1:" + ports[1]
	if err := p.run("etcd", "etcd", "--data-dir", p.file("etcd"), "--unsafe-no-fsync", "--log-level", "warn",
		"--listen-client-urls", p.etcd, "--advertise-client-urls", p.etcd,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer,
		"--quota-backend-bytes", strconv.Itoa(4<<30)); err != nil {
		return p, err
	}
	if err := p.startServer(); err != nil {
		return p, err
	}
	if err := p.startControllers(); err != nil {
		return p, err
	}
	err = p.settled()
	return p, err
}

// startServer starts the API server, again after stopServer, and waits until
// it is ready.
func (p *plane) startServer() error {
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(p.url, "https://"))
	if err := p.run("kube-apiserver", "kube-apiserver",
		"--etcd-servers", p.etcd, "--bind-address", "127.0.0.1", "--secure-port", port,
		"--advertise-address", "127.0.0.1", "--endpoint-reconciler-type", "none",
		"--tls-cert-file", p.file("server.crt"), "--tls-private-key-file", p.file("server.key"),
		"--client-ca-file", p.file("ca.crt"),
		"--requestheader-client-ca-file", p.file("ca.crt"), "--requestheader-username-headers", "X-Remote-User",
		"--requestheader-group-headers", "X-Remote-Group", "--requestheader-extra-headers-prefix", "X-Remote-Extra-",
		"--requestheader-allowed-names", "front-proxy",
		"--proxy-client-cert-file", p.file("front-proxy.crt"), "--proxy-client-key-file", p.file("front-proxy.key"),
		"--service-account-key-file", p.file("accounts.pub"), "--service-account-signing-key-file", p.file("accounts.key"),
		"--service-account-issuer", "https://kubernetes.default.svc.cluster.local",
		"--service-cluster-ip-range", "10.96.0.0/24",
		"--authorization-mode", "Node,RBAC", "--enable-admission-plugins", "NodeRestriction",
		"--enable-bootstrap-token-auth", "--allow-privileged",
		"--audit-policy-file", p.file("audit-policy.yaml"), "--audit-log-path", p.file("audit.log"),
		"--profiling=false"); err != nil {
		return err
	}
	return p.await("kube-apiserver", "the API server to be ready", defaultWait, func() error {
		return p.client(loader).status("GET", "/readyz", nil, http.StatusOK)
	})
}

// stopServer kills the API server, as a crash would.
func (p *plane) stopServer() { p.end("kube-apiserver") }

func (p *plane) startControllers() error {
	if err := p.pki.kubeconfig(p.file("controllers.kubeconfig"), p.url, "system:kube-controller-manager"); err != nil {
		return err
	}
	return p.run("kube-controller-manager", "kube-controller-manager",
		"--kubeconfig", p.file("controllers.kubeconfig"), "--controllers", controllers,
		"--authentication-skip-lookup", "--secure-port", "0", "--leader-elect=false",
		"--use-service-account-credentials", "--service-account-private-key-file", p.file("accounts.key"),
		"--root-ca-file", p.file("ca.crt"), "--cluster-name", "muster",
		"--cluster-signing-cert-file", p.file("ca.crt"), "--cluster-signing-key-file", p.file("ca.key"),
		"--kube-api-qps", "500", "--kube-api-burst", "1000",
		"--concurrent-serviceaccount-token-syncs", "20")
}

// settled waits until the controllers have done what a fresh cluster needs.
func (p *plane) settled() error {
	c := p.client(loader)
	return p.await("kube-controller-manager", "the controllers to fill a fresh cluster", defaultWait, func() error {
		if err := c.status("GET", "/api/v1/namespaces/kube-system/serviceaccounts/default", nil, http.StatusOK); err != nil {
			return err
		}
		view, err := c.get("/apis/rbac.authorization.k8s.io/v1/clusterroles/view")
		if err != nil {
			return err
		}
		if rules, _ := view["rules"].([]any); len(rules) == 0 {
			return fmt.Errorf("the role view has no rules yet")
		}
		return nil
	})
}

func (p *plane) file(name string) string { return filepath.Join(p.dir, name) }

// client speaks to the API server as the user with a client certificate of
// that name. Both known ones belong to system:masters.
func (p *plane) client(user string) *client {
	return p.pki.client(p.url, user)
}

// A process is a program that runs under leash.
type process struct {
	cmd   *exec.Cmd
	input io.Closer
	done  chan struct{}
	pid   string // file with the id of the program itself
}

// leash runs a program until it ends or the shell's input does, which is when
// the test closes it or is gone, however it went.
const leash = `trap '' TERM INT HUP # of a group that all of it is in: the end of the input counts
exec 3<&0
"$@" & program=$!
echo $program >"$0"
{ read -r _ <&3; kill -9 $program; } & watch=$!
wait $program
status=$?
kill -9 $watch 2>/dev/null
exit $status`

func (p *plane) run(name, program string, args ...string) error {
	logFile, err := os.OpenFile(p.file(name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	pid := p.file(name + ".pid")
	argv := append([]string{"-c", leash, pid, filepath.Join(p.programs, program)}, args...)
	cmd := exec.CommandContext(context.Background(), "sh", argv...)
	cmd.Stdout, cmd.Stderr = logFile, logFile
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	proc := &process{cmd: cmd, input: in, done: make(chan struct{}), pid: pid}
	go func() { _ = cmd.Wait(); close(proc.done) }()
	p.mu.Lock()
	p.running[name] = proc
	p.mu.Unlock()
	return nil
}

// gone reports whether the program has ended.
func (p *process) gone() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// end kills a process and waits until it is gone.
func (p *plane) end(name string) {
	p.mu.Lock()
	proc := p.running[name]
	delete(p.running, name)
	p.mu.Unlock()
	if proc != nil {
		_ = proc.input.Close()
		<-proc.done
	}
}

func (p *plane) stop() {
	for _, name := range []string{"kube-controller-manager", "kube-apiserver", "etcd"} {
		p.end(name)
	}
}

// logs writes the end of each process's log.
func (p *plane) logs(w io.Writer) {
	for _, name := range []string{"etcd", "kube-apiserver", "kube-controller-manager"} {
		text, err := os.ReadFile(p.file(name + ".log"))
		if err != nil {
			continue
		}
		if len(text) > 4000 {
			text = text[len(text)-4000:]
		}
		fmt.Fprintf(w, "--- end of the log of %s\n%s\n", name, text)
	}
}

// await asks until there is no error, the process is gone, or time is over.
func (p *plane) await(process, what string, limit time.Duration, ask func() error) error {
	end := time.Now().Add(limit)
	for {
		err := ask()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("waited %s for %s: %w", limit, what, err)
		}
		p.mu.Lock()
		proc := p.running[process]
		p.mu.Unlock()
		if proc == nil || proc.gone() {
			return fmt.Errorf("waited for %s, and %s does not run: %w", what, process, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// defaultWait is how long tests wait for what the controllers do at once: long, as
// it ends what would never end, and a busy machine may need more than half a minute.
const defaultWait = 3 * time.Minute

// eventually fails the test unless ask returns nil in time.
func eventually(t testing.TB, what string, ask func() error) {
	t.Helper()
	end := time.Now().Add(defaultWait)
	for {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("waited %s for %s: %v", defaultWait, what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// freePorts returns ports of loopback that nobody listened on a moment ago.
func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() //nolint:gocritic // held to the end, lest a port comes twice
		ports = append(ports, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	}
	return ports, nil
}

// carrier is a transport to the API server, with or without a client certificate.
func carrier(roots *tls.Config) *http.Transport {
	return &http.Transport{TLSClientConfig: roots, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 32}
}
