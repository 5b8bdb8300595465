// Package deploy_test compares the files of this directory with the program. The tests
// need neither a cluster nor a registry.
package deploy_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/server"
)

// postgresConnections is the default of PostgreSQL's max_connections.
const postgresConnections = 100

// variables returns the environment variables of the server.
func variables() map[string]bool {
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.Flags(fs)
	known := map[string]bool{}
	named := regexp.MustCompile(`\[(\w+)\]$`)
	fs.VisitAll(func(f *pflag.Flag) {
		if m := named.FindStringSubmatch(f.Usage); m != nil {
			known[m[1]] = true
		}
	})
	return known
}

// load returns the server's configuration for the environment of a container.
func load(t *testing.T, args []string, env map[string]string) *config.Config {
	t.Helper()
	known := variables()
	for name := range env {
		if !known[name] {
			t.Errorf("the server knows no variable %s", name)
		}
	}
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.Flags(fs)
	if len(args) == 0 || args[0] != "server" {
		t.Fatalf("the container runs %q, not the server", args)
	}
	if err := fs.Parse(args[1:]); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(fs, func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// dockerfile has the settings that the other files must match.
type dockerfile struct {
	user, port string
	args       []string
	env        map[string]string
	health     healthcheck
}

// healthcheck is the check of a container: of the image or in Compose.
type healthcheck struct {
	Test              []string
	Interval, Timeout time.Duration
	Start             time.Duration `yaml:"start_period"`
	Retries           int
}

func readDockerfile(t *testing.T) dockerfile {
	t.Helper()
	text := strings.ReplaceAll(read(t, "Dockerfile"), "\\\n", " ")
	one := func(pattern string) string {
		t.Helper()
		m := regexp.MustCompile(`(?m)`+pattern).FindAllStringSubmatch(text, -1)
		if len(m) != 1 {
			t.Fatalf("the Dockerfile has %d lines like %s, want one", len(m), pattern)
		}
		return m[0][1]
	}
	d := dockerfile{user: one(`^USER (\d+):\d+$`), port: one(`^EXPOSE (\d+)$`), args: []string{one(`^CMD \["(\w+)"\]$`)}, env: map[string]string{}}
	for _, pair := range strings.Fields(one(`^ENV (.*)$`)) {
		name, value, _ := strings.Cut(pair, "=")
		d.env[name] = value
	}
	if err := json.Unmarshal([]byte(one(`^HEALTHCHECK .* CMD (\[.*\])$`)), &d.health.Test); err != nil {
		t.Fatal(err)
	}
	for flag, into := range map[string]*time.Duration{"interval": &d.health.Interval, "timeout": &d.health.Timeout, "start-period": &d.health.Start} {
		var err error
		if *into, err = time.ParseDuration(one(`^HEALTHCHECK .*--` + flag + `=(\S+)`)); err != nil {
			t.Fatal(err)
		}
	}
	mod := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "../go.mod"))[1]
	if image := one(`^FROM golang:([\d.]+)\S* AS build$`); image != mod {
		t.Errorf("the image is built by Go %s and go.mod wants %s", image, mod)
	}
	for _, m := range regexp.MustCompile(`(?m)^COPY ([^-].*)$`).FindAllStringSubmatch(text, -1) {
		files := strings.Fields(m[1])
		for _, file := range files[:len(files)-1] {
			if _, err := os.Stat(filepath.Join("..", file)); err != nil {
				t.Errorf("the Dockerfile copies %s: %v", file, err)
			}
		}
	}
	if pkg := one(`-o /out/millrace \./(\S+)$`); pkg != "cmd/millrace" || one(`^ENTRYPOINT \["(.*)"\]$`) != "/millrace" || one(`^FROM (scratch)$`) == "" {
		t.Errorf("the Dockerfile builds %s", pkg)
	}
	return d
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	d := readDockerfile(t)
	c := load(t, d.args, d.env)
	if strconv.Itoa(c.Port) != d.port || c.Host != "0.0.0.0" {
		t.Errorf("the server listens on %s:%d and the image exposes %s", c.Host, c.Port, d.port)
	}
	if !strings.HasPrefix(c.BackendStoreURI, "sqlite:////data/") || !strings.HasPrefix(c.ArtifactsDestination, "/data/") {
		t.Errorf("%s and %s are not in /data, which belongs to the image's user", c.BackendStoreURI, c.ArtifactsDestination)
	}
}

func TestCompose(t *testing.T) {
	t.Parallel()
	var c compose
	decode(t, "compose.yaml", &c)
	d := readDockerfile(t)
	connections := 0
	for _, name := range []string{"millrace-1", "millrace-2"} {
		s := c.Services[name]
		if s.Image != "millrace" || filepath.Join(s.Build.Context, s.Build.Dockerfile) != "../deploy/Dockerfile" {
			t.Errorf("%s: the image %s is built by %s", name, s.Image, filepath.Join(s.Build.Context, s.Build.Dockerfile))
		}
		env := maps.Clone(d.env)
		maps.Copy(env, s.Environment)
		conf := load(t, d.args, env)
		connections += conf.DBPoolSize
		if !slices.Contains(s.Volumes, "artifacts:"+conf.ArtifactsDestination) {
			t.Errorf("%s: %s is on no shared volume: %q", name, conf.ArtifactsDestination, s.Volumes)
		}
		if !s.ReadOnly || !slices.Contains(s.Tmpfs, "/tmp") {
			t.Errorf("%s: the root is writable, or /tmp is not", name)
		}
		if want := "postgresql://millrace:${POSTGRES_PASSWORD"; !strings.HasPrefix(conf.BackendStoreURI, want) || !strings.HasSuffix(conf.BackendStoreURI, "@database:5432/"+c.Services["database"].Environment["POSTGRES_DB"]) {
			t.Errorf("%s: the database is %s", name, conf.BackendStoreURI)
		}
	}
	if connections >= postgresConnections {
		t.Errorf("the servers may want %d connections; PostgreSQL has %d", connections, postgresConnections)
	}
	for name, s := range c.Services {
		for _, volume := range s.Volumes {
			from, _, _ := strings.Cut(volume, ":")
			_, declared := c.Volumes[from]
			if _, err := os.Stat(from); !declared && (!strings.HasPrefix(from, "./") || err != nil) {
				t.Errorf("%s: the volume %s is neither declared nor a file", name, from)
			}
		}
	}
}

func TestLoadBalancer(t *testing.T) {
	t.Parallel()
	var c compose
	decode(t, "compose.yaml", &c)
	text, port := read(t, "haproxy.cfg"), readDockerfile(t).port
	servers := regexp.MustCompile(`(?m)^    server (\S+) (\S+):(\d+)$`).FindAllStringSubmatch(text, -1)
	if len(servers) != 2 {
		t.Fatalf("%d servers", len(servers))
	}
	for _, s := range servers {
		if _, ok := c.Services[s[2]]; !ok || s[3] != port {
			t.Errorf("the load balancer asks %s:%s, which no service is", s[2], s[3])
		}
	}
	bind := regexp.MustCompile(`(?m)^    bind :(\d+)$`).FindStringSubmatch(text)
	ports := c.Services["loadbalancer"].Ports
	if bind == nil || len(ports) != 1 || !strings.HasSuffix(ports[0], ":"+bind[1]) {
		t.Errorf("the load balancer listens at %q, and %q is open", bind, ports)
	}
	if !strings.Contains(text, "option httpchk GET /readyz\n") {
		t.Error("the load balancer does not ask /readyz")
	}
}

func TestKubernetes(t *testing.T) {
	t.Parallel()
	m := readManifests(t)
	d, spec := m.Deployment.Spec, m.Deployment.Spec.Template.Spec
	labels := d.Template.Metadata.Labels
	for what, selects := range map[string]map[string]string{
		"deployment": d.Selector.MatchLabels, "service": m.Service.Spec.Selector, "disruption budget": m.Disruption.Spec.Selector.MatchLabels,
		"spread": spec.TopologySpreadConstraints[0].LabelSelector.MatchLabels,
	} {
		if len(selects) == 0 || !maps.Equal(selects, labels) {
			t.Errorf("the %s selects %v, the pods have %v", what, selects, labels)
		}
	}
	if u := d.Strategy.RollingUpdate; d.Replicas != 3 || u.MaxUnavailable != 0 || u.MaxSurge < 1 || m.Disruption.Spec.MaxUnavailable >= d.Replicas {
		t.Errorf("%d replicas, %+v", d.Replicas, u)
	}
	image := readDockerfile(t)
	sec, c := spec.SecurityContext, spec.Containers[0]
	if !sec.RunAsNonRoot || strconv.Itoa(sec.RunAsUser) != image.user || sec.FSGroup != sec.RunAsUser || sec.SeccompProfile.Type != "RuntimeDefault" {
		t.Errorf("the pod's security: %+v, the image's user: %s", sec, image.user)
	}
	own := c.SecurityContext
	if own.AllowPrivilegeEscalation == nil || *own.AllowPrivilegeEscalation || !own.ReadOnlyRootFilesystem || !slices.Equal(own.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("the container's security: %+v", own)
	}
	if c.Resources.Requests["cpu"] == "" || c.Resources.Requests["memory"] == "" || c.Resources.Limits["memory"] == "" {
		t.Errorf("resources: %+v", c.Resources)
	}
	if images := m.Kustomization.Images; c.Image != "millrace" || len(images) != 1 || images[0].Name != c.Image {
		t.Errorf("the image %s is not the one that is named anew: %+v", c.Image, images)
	}
	if left := spec.TerminationGracePeriodSeconds - c.Lifecycle.PreStop.Sleep.Seconds; left < 30 {
		t.Errorf("%d seconds are left to end requests, which takes up to 25", left)
	}
	files, err := filepath.Glob("kubernetes/*.yaml")
	if err != nil || len(files) != 1+len(m.Kustomization.Resources) {
		t.Errorf("%q are not the files of the kustomization (%v)", files, err)
	}
}

func TestKubernetesPortsAndVolumes(t *testing.T) {
	t.Parallel()
	m := readManifests(t)
	spec := m.Deployment.Spec.Template.Spec
	c := spec.Containers[0]
	port := c.Ports[0]
	if strconv.Itoa(port.ContainerPort) != readDockerfile(t).port {
		t.Errorf("the container's port is %d", port.ContainerPort)
	}
	back := m.Ingress.Spec.Rules[0].HTTP.Paths[0].Backend.Service
	service := m.Service.Spec.Ports[0]
	if service.TargetPort != port.Name || back.Name != m.Service.Metadata.Name || back.Port.Name != service.Name || c.ReadinessProbe.HTTPGet.Port != port.Name || c.LivenessProbe.HTTPGet.Port != port.Name {
		t.Errorf("ports: container %+v, service %+v, ingress %+v", port, service, back)
	}
	mounted := map[string]string{}
	for _, mount := range c.VolumeMounts {
		mounted[mount.Name] = mount.MountPath
	}
	for _, v := range spec.Volumes {
		path, ok := mounted[v.Name]
		delete(mounted, v.Name)
		claim := v.PersistentVolumeClaim.ClaimName
		if !ok || claim == "" && v.EmptyDir == nil || claim != "" && claim != m.Claim.Metadata.Name {
			t.Errorf("the volume %+v is mounted at %q; the claim is %s", v, path, m.Claim.Metadata.Name)
		}
		if env := containerEnv(t, m); claim != "" && env["MLFLOW_ARTIFACTS_DESTINATION"] != path {
			t.Errorf("the artifacts are kept in %s and the volume is at %s", env["MLFLOW_ARTIFACTS_DESTINATION"], path)
		}
	}
	if len(mounted) > 0 || !slices.Equal(m.Claim.Spec.AccessModes, []string{"ReadWriteMany"}) {
		t.Errorf("mounts without a volume: %v; access to the claim: %v", mounted, m.Claim.Spec.AccessModes)
	}
}

// containerEnv returns the environment of a replica: that of the image, overridden by
// that of the pod.
func containerEnv(t *testing.T, m *manifests) map[string]string {
	t.Helper()
	env := readDockerfile(t).env
	for _, e := range m.Deployment.Spec.Template.Spec.Containers[0].Env {
		env[e.Name] = e.Value
		if ref := e.ValueFrom.SecretKeyRef; ref.Name != "" {
			value, ok := m.Secret.StringData[ref.Key]
			if !ok || ref.Name != m.Secret.Metadata.Name {
				t.Errorf("%s is the key %s of the secret %s, which there is not", e.Name, ref.Key, ref.Name)
			}
			env[e.Name] = value
		}
	}
	return env
}

// TestReplicaAnswers starts a server with the environment of the replicas and sends it
// probes like the kubelet and requests with the name of the ingress.
func TestReplicaAnswers(t *testing.T) {
	t.Parallel()
	m := readManifests(t)
	env := containerEnv(t, m)
	db, _, err := db.OpenSQL(t.Context(), env["MLFLOW_BACKEND_STORE_URI"])
	if err != nil {
		t.Errorf("the secret's database: %v", err)
	} else {
		db.Close()
	}
	c := load(t, m.Deployment.Spec.Template.Spec.Containers[0].Args, env)
	pods := m.Deployment.Spec.Replicas + m.Deployment.Spec.Strategy.RollingUpdate.MaxSurge
	if pods*c.DBPoolSize >= postgresConnections {
		t.Errorf("%d replicas may want %d connections each; PostgreSQL has %d", pods, c.DBPoolSize, postgresConnections)
	}
	c.Host = "127.0.0.1"
	s := start(t, c)
	container := m.Deployment.Spec.Template.Spec.Containers[0]
	for _, want := range []struct {
		host, path string
		code       int
	}{
		{"10.244.1.7:5000", container.ReadinessProbe.HTTPGet.Path, 200},
		{"10.244.1.7:5000", container.LivenessProbe.HTTPGet.Path, 200},
		{"millrace-1:5000", "/readyz", 200}, // The load balancer of compose.yaml.
		{"millrace-1:5000", "/health", 200}, // What was asked before there was a /readyz.
		{m.Ingress.Spec.Rules[0].Host, "/api/2.0/mlflow/experiments/get?experiment_id=0", 200},
		{m.Service.Metadata.Name, "/", 200},
		{m.Service.Metadata.Name + ".team.svc.cluster.local", "/", 200},
		{"evil.example.com", "/", 403},
	} {
		if code := get(t, s.URL()+want.path, want.host); code != want.code {
			t.Errorf("GET %s of %s: %d, want %d", want.path, want.host, code, want.code)
		}
	}
}

// start starts a server on a free port, with a database and files of its own.
func start(t *testing.T, c *config.Config) *server.Server {
	t.Helper()
	dir := t.TempDir()
	c.BackendStoreURI, c.ArtifactsDestination, c.Port = "sqlite:///"+filepath.Join(dir, "mlflow.db"), filepath.Join(dir, "files"), 0
	s, err := server.New(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

func get(t *testing.T, url, host string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Error(err)
	}
	return resp.StatusCode
}

// TestTools runs the validators that are installed.
func TestTools(t *testing.T) {
	t.Parallel()
	for _, command := range [][]string{
		{"kubectl", "kustomize", "kubernetes"},
		{"kubeconform", "-strict", "-summary", "kubernetes/secret.yaml", "kubernetes/deployment.yaml", "kubernetes/service.yaml", "kubernetes/disruption.yaml", "kubernetes/ingress.yaml", "kubernetes/artifacts.yaml"},
		{"docker", "compose", "-f", "compose.yaml", "config", "--quiet"},
		{"haproxy", "-c", "-f", "haproxy.cfg"},
		{"promtool", "check", "rules", "prometheus/alerts.yaml"},
	} {
		t.Run(command[0], func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skip(err)
			}
			if command[0] == "docker" && exec.CommandContext(t.Context(), "docker", "compose", "version").Run() != nil {
				t.Skip("docker has no compose")
			}
			cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
			cmd.Env = append(os.Environ(), "POSTGRES_PASSWORD=x")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
