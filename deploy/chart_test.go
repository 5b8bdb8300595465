package deploy_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/millrace-ml/millrace/internal/cli"
)

// chart is a rendering of the Helm chart.
type chart struct {
	manifests
	Account struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Automount  *bool    `yaml:"automountServiceAccountToken"`
	}
	Monitor manifest[monitorSpec]
	Test    manifest[podSpec]
	kinds   []string
}

type monitorSpec struct {
	JobLabel  string   `yaml:"jobLabel"`
	Selector  selector `yaml:"selector"`
	Endpoints []struct{ Port, Path, Interval string }
}

// helm runs Helm with directories of its own.
func helm(t *testing.T, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("helm"); err != nil {
		t.Skip("the chart is not tested: ", err)
	}
	cmd := exec.CommandContext(t.Context(), "helm", args...)
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), errors.New(errs.String())
	}
	return out.String(), nil
}

// render renders the chart as the release millrace with a file of helm/testdata, if it is named.
func render(t *testing.T, values string) *chart {
	t.Helper()
	args := []string{"template", "millrace", "helm/millrace"}
	if values != "" {
		args = append(args, "--values", filepath.Join("helm/testdata", values))
	}
	text, err := helm(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	c := &chart{}
	into := map[string]any{
		"Secret": &c.Secret, "PersistentVolumeClaim": &c.Claim, "Deployment": &c.Deployment, "Service": &c.Service,
		"PodDisruptionBudget": &c.Disruption, "Ingress": &c.Ingress, "ServiceAccount": &c.Account, "ServiceMonitor": &c.Monitor, "Pod": &c.Test,
	}
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var document map[string]any
		if err := d.Decode(&document); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		one, err := yaml.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		kind := document["kind"].(string)
		if into[kind] == nil || slices.Contains(c.kinds, kind) {
			t.Fatalf("one %s too many:\n%s", kind, one)
		}
		decodeText(t, kind, string(one), into[kind])
		c.kinds = append(c.kinds, kind)
	}
	slices.Sort(c.kinds)
	return c
}

func TestChartLint(t *testing.T) {
	t.Parallel()
	for _, values := range []string{"../millrace/values.yaml", "everything.yaml", "sqlite.yaml", "ingress.yaml"} {
		out, err := helm(t, "lint", "--strict", "--values", filepath.Join("helm/testdata", values), "helm/millrace")
		if err != nil {
			t.Errorf("%s: %v\n%s", values, err, out)
		}
	}
}

// TestChartIsManifests compares the chart's defaults with the directory kubernetes.
func TestChartIsManifests(t *testing.T) {
	t.Parallel()
	m := readManifests(t)
	plain := render(t, "")
	c := render(t, "ingress.yaml")
	for _, rendered := range []*chart{plain, c} {
		d := &rendered.Deployment.Spec
		for what, selects := range map[string]map[string]string{
			"deployment": d.Selector.MatchLabels, "service": rendered.Service.Spec.Selector, "disruption budget": rendered.Disruption.Spec.Selector.MatchLabels,
			"spread": d.Template.Spec.TopologySpreadConstraints[0].LabelSelector.MatchLabels,
		} {
			if len(selects) != 2 || !maps.Equal(selects, d.Template.Metadata.Labels) {
				t.Errorf("the %s selects %v, the pods have %v", what, selects, d.Template.Metadata.Labels)
			}
		}
		// The labels also name the release, and the image has a version.
		labels := m.Deployment.Spec.Selector
		d.Selector, rendered.Service.Spec.Selector, rendered.Disruption.Spec.Selector = labels, labels.MatchLabels, labels
		d.Template.Metadata.Labels, d.Template.Spec.TopologySpreadConstraints[0].LabelSelector = labels.MatchLabels, labels
		container := &d.Template.Spec.Containers[0]
		image, version, _ := strings.Cut(container.Image, ":")
		if image != m.Kustomization.Images[0].NewName || version == "" {
			t.Errorf("the image is %s", container.Image)
		}
		container.Image, container.ImagePullPolicy = m.Deployment.Spec.Template.Spec.Containers[0].Image, ""
	}
	if plain.Deployment.Spec.Replicas != m.Deployment.Spec.Replicas || slices.Contains(plain.kinds, "Ingress") || slices.Contains(plain.kinds, "Secret") {
		t.Errorf("%d replicas, %q", plain.Deployment.Spec.Replicas, plain.kinds)
	}
	for what, pair := range map[string][2]any{
		"deployment": {c.Deployment.Spec, m.Deployment.Spec}, "service": {c.Service.Spec, m.Service.Spec}, "claim": {c.Claim.Spec, m.Claim.Spec},
		"disruption budget": {c.Disruption.Spec, m.Disruption.Spec}, "ingress": {c.Ingress.Spec, m.Ingress.Spec},
		"annotations of the ingress": {c.Ingress.Metadata.Annotations, m.Ingress.Metadata.Annotations},
		"names": {
			[]string{c.Deployment.Metadata.Name, c.Service.Metadata.Name, c.Claim.Metadata.Name, c.Disruption.Metadata.Name, c.Ingress.Metadata.Name},
			[]string{m.Deployment.Metadata.Name, m.Service.Metadata.Name, m.Claim.Metadata.Name, m.Disruption.Metadata.Name, m.Ingress.Metadata.Name},
		},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("the %s of the chart:\n%+v\nof the manifests:\n%+v", what, pair[0], pair[1])
		}
	}
	// Without the ingress, requests come by the names of the service only.
	env := plain.Deployment.Spec.Template.Spec.Containers[0].Env
	for i := range env {
		if env[i].Name == "MLFLOW_SERVER_ALLOWED_HOSTS" {
			env[i].Value = m.Ingress.Spec.Rules[0].Host + "," + env[i].Value
		}
	}
	if !reflect.DeepEqual(plain.Deployment.Spec, m.Deployment.Spec) {
		t.Errorf("the deployment of the defaults:\n%+v\nof the manifests:\n%+v", plain.Deployment.Spec, m.Deployment.Spec)
	}
}

func TestChartEverything(t *testing.T) {
	t.Parallel()
	c := render(t, "everything.yaml")
	pod := c.Deployment.Spec.Template
	container := pod.Spec.Containers[0]
	conf := load(t, container.Args, containerEnv(t, &c.manifests))
	if conf.BackendStoreURI != `postgresql://millrace:p%40ss"word@db.example.org/millrace` || conf.DBPoolSize != 10 {
		t.Errorf("database %s, %d connections", conf.BackendStoreURI, conf.DBPoolSize)
	}
	if conf.ServeArtifacts || conf.DefaultArtifactRoot != "s3://bucket/path" || conf.StaticPrefix != "/lab" || conf.Metrics != "all" || !conf.Log.JSON {
		t.Errorf("%+v", conf)
	}
	if want := []string{"lab.example.org", "millrace", "millrace.*", "localhost", "*.example.net"}; !slices.Equal(conf.AllowedHosts, want) {
		t.Errorf("hosts %q, want %q", conf.AllowedHosts, want)
	}
	if want := []string{"Deployment", "Ingress", "Pod", "PodDisruptionBudget", "Secret", "Service", "ServiceAccount", "ServiceMonitor"}; !slices.Equal(c.kinds, want) {
		t.Errorf("%q, want %q", c.kinds, want)
	}
	prefix := conf.StaticPrefix
	for what, pair := range map[string][2]any{
		"readiness":    {container.ReadinessProbe.HTTPGet.Path, prefix + "/readyz"},
		"liveness":     {container.LivenessProbe.HTTPGet.Path, prefix + "/livez"},
		"probe":        {container.ReadinessProbe.InitialDelaySeconds, 1},
		"ingress path": {c.Ingress.Spec.Rules[0].HTTP.Paths[0].Path, prefix},
		"ingress host": {c.Ingress.Spec.Rules[0].Host, "lab.example.org"},
		"certificate":  {c.Ingress.Spec.TLS[0].SecretName, "certificate"},
		"image":        {container.Image + container.ImagePullPolicy, "images.example.org/millrace:v9.9.9Always"},
		"pull secret":  {pod.Spec.ImagePullSecrets[0].Name, "images"},
		"account":      {pod.Spec.ServiceAccountName, c.Account.Metadata.Name},
		"automount":    {*c.Account.Automount || pod.Spec.AutomountServiceAccountToken, false},
		"credentials":  {container.EnvFrom[0].SecretRef.Name, "bucket"},
		"replicas":     {c.Deployment.Spec.Replicas, 4},
		"disruption":   {c.Disruption.Spec.MaxUnavailable, 2},
		"grace":        {pod.Spec.TerminationGracePeriodSeconds, 60},
		"spread":       {pod.Spec.TopologySpreadConstraints[0].WhenUnsatisfiable, "DoNotSchedule"},
		"node":         {pod.Spec.NodeSelector["kubernetes.io/arch"], "arm64"},
		"tolerations":  {len(pod.Spec.Tolerations), 1},
		"affinity":     {len(pod.Spec.Affinity), 1},
		"volumes":      {len(pod.Spec.Volumes), 1},
		"labels":       {pod.Metadata.Labels["team"], "ml"},
		"annotations":  {pod.Metadata.Annotations["example.org/team"], "ml"},
		"scraped path": {pod.Metadata.Annotations["prometheus.io/path"], prefix + "/metrics"},
		"scraped port": {pod.Metadata.Annotations["prometheus.io/port"], readDockerfile(t).port},
		"monitor":      {c.Monitor.Spec.Endpoints[0], struct{ Port, Path, Interval string }{c.Service.Spec.Ports[0].Name, prefix + "/metrics", "15s"}},
		"monitored":    {c.Monitor.Spec.Selector.MatchLabels, c.Service.Spec.Selector},
		"found by":     {c.Monitor.Metadata.Labels["release"], "prometheus"},
		"service":      {c.Service.Spec.Type, "NodePort"},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
		}
	}
	checkChartTest(t, c, prefix)
}

// checkChartTest checks that the pod of `helm test` runs a command of the program against the
// service, and that the service does not select the pod.
func checkChartTest(t *testing.T, c *chart, prefix string) {
	t.Helper()
	container := c.Test.Spec.Containers[0]
	command, rest, err := cli.New().Find(container.Args)
	if err == nil {
		err = command.ParseFlags(rest)
	}
	if err != nil || command.Name() != "healthcheck" {
		t.Fatalf("%q: %v", container.Args, err)
	}
	for flag, want := range map[string]string{"host": c.Service.Metadata.Name, "port": "8080", "static-prefix": prefix} {
		if got := command.Flag(flag).Value.String(); got != want {
			t.Errorf("--%s %s, want %s", flag, got, want)
		}
	}
	selects := true
	for label, value := range c.Service.Spec.Selector {
		selects = selects && c.Test.Metadata.Labels[label] == value
	}
	if selects || c.Test.Metadata.Annotations["helm.sh/hook"] != "test" || c.Test.Spec.RestartPolicy != "Never" {
		t.Errorf("%+v", c.Test)
	}
}

func TestChartSQLite(t *testing.T) {
	t.Parallel()
	c := render(t, "sqlite.yaml")
	d := c.Deployment.Spec
	conf := load(t, d.Template.Spec.Containers[0].Args, containerEnv(t, &c.manifests))
	mount := d.Template.Spec.Containers[0].VolumeMounts[0].MountPath
	if !strings.HasPrefix(conf.BackendStoreURI, "sqlite:///"+mount+"/") || !strings.HasPrefix(conf.ArtifactsDestination, mount+"/") {
		t.Errorf("%s and %s are not on the volume at %s", conf.BackendStoreURI, conf.ArtifactsDestination, mount)
	}
	if d.Replicas != 1 || d.Strategy.Type != "Recreate" || len(d.Template.Spec.TopologySpreadConstraints) > 0 || slices.Contains(c.kinds, "PodDisruptionBudget") {
		t.Errorf("%d replicas, strategy %+v, %q", d.Replicas, d.Strategy, c.kinds)
	}
	if s := c.Claim.Spec; !slices.Equal(s.AccessModes, []string{"ReadWriteOnce"}) || s.StorageClassName != "fast" || s.Resources.Requests["storage"] != "5Gi" {
		t.Errorf("%+v", s)
	}
}

func TestChartBucket(t *testing.T) {
	t.Parallel()
	c := render(t, "bucket.yaml")
	pod := c.Deployment.Spec.Template.Spec
	conf := load(t, pod.Containers[0].Args, containerEnv(t, &c.manifests))
	if !conf.ServeArtifacts || conf.ArtifactsDestination != "s3://bucket/path" || conf.DefaultArtifactRoot != "mlflow-artifacts:/" {
		t.Errorf("%+v", conf)
	}
	if slices.Contains(c.kinds, "PersistentVolumeClaim") || len(pod.Volumes) != 1 || pod.Volumes[0].Name != "tmp" {
		t.Errorf("the pod has volumes %+v, and the chart %q", pod.Volumes, c.kinds)
	}
	if c.Account.Metadata.Annotations["eks.amazonaws.com/role-arn"] == "" || pod.ServiceAccountName != c.Account.Metadata.Name {
		t.Errorf("service account %+v, pod %q", c.Account.Metadata, pod.ServiceAccountName)
	}
}

// TestChartRefuses checks values that Helm refuses before anything is installed.
func TestChartRefuses(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]string{
		"database.uri=sqlite:////data/mlflow.db":                                           "SQLite serves one replica, not 3",
		"replicas=1,database.uri=sqlite:///mlflow.db":                                      "must be on the volume",
		"replicas=1,database.uri=sqlite:////data/a.db,artifacts.persistence.enabled=false": "artifacts would be lost",
		"database.existingSecret=":                                                         "set database.existingSecret or database.uri",
		"database.uri=mongodb://x":                                                         "does not match pattern",
		"artifacts.destination=s3://b":                                                     "exclude each other",
		"artifacts.root=s3://b":                                                            "exclude each other",
		"artifacts.persistence.accessModes={ReadWriteOnce}":                                "need artifacts.persistence.accessModes with ReadWriteMany",
		"replcas=1":                        "additional properties 'replcas' not allowed",
		"image.tags=v1":                    "additional properties 'tags' not allowed",
		"metrics.serviceMonitor.on=true":   "additional properties 'on' not allowed",
		"metrics.access=everyone":          "must be one of",
		"staticPrefix=/lab/":               "does not match pattern",
		"allowedHosts={a\\,b}":             "does not match pattern",
		"terminationGracePeriodSeconds=10": "minimum",
		"replicas=many":                    "want integer",
	} {
		if out, err := helm(t, "template", "millrace", "helm/millrace", "--set", set); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s\n%s", set, err, want, out)
		}
	}
}

// TestChartVersion checks that the chart has the version of the modules, which `make release` sets.
func TestChartVersion(t *testing.T) {
	t.Parallel()
	var c struct {
		Version    string `yaml:"version"`
		AppVersion string `yaml:"appVersion"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "helm/millrace/Chart.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^\tgithub\.com/millrace-ml/millrace/mlflow (v\S+)$`).FindStringSubmatch(read(t, "../go.mod"))
	if m == nil || c.AppVersion != m[1] || "v"+c.Version != m[1] {
		t.Errorf("the chart has %+v and go.mod %q", c, m)
	}
}
