package deploy_test

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// These types have the keys of our files only. The decoder is strict, so that a
// misspelled key, which Kubernetes would ignore, fails.

type compose struct {
	Name     string             `yaml:"name"`
	Millrace any                `yaml:"x-millrace"`
	Services map[string]service `yaml:"services"`
	Volumes  map[string]any     `yaml:"volumes"`
}

type build struct {
	Context, Dockerfile string
	Args                map[string]string
}

type service struct {
	Image       string            `yaml:"image"`
	Build       build             `yaml:"build"`
	Environment map[string]string `yaml:"environment"`
	Volumes     []string          `yaml:"volumes"`
	DependsOn   any               `yaml:"depends_on"`
	Ports       []string          `yaml:"ports"`
	Restart     string            `yaml:"restart"`
	Grace       string            `yaml:"stop_grace_period"`
	ReadOnly    bool              `yaml:"read_only"`
	Tmpfs       []string          `yaml:"tmpfs"`
	CapDrop     []string          `yaml:"cap_drop"`
	SecurityOpt []string          `yaml:"security_opt"`
	Healthcheck healthcheck       `yaml:"healthcheck"`
}

type metadata struct {
	Name                string            `yaml:"name"`
	Labels, Annotations map[string]string `yaml:",omitempty"`
}

type reference struct{ Name string }

type manifest[Spec any] struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	Spec       Spec     `yaml:"spec"`
}

type selector struct {
	MatchLabels map[string]string `yaml:"matchLabels"`
}

type deploymentSpec struct {
	Replicas             int `yaml:"replicas"`
	RevisionHistoryLimit int `yaml:"revisionHistoryLimit"`
	Strategy             struct {
		Type          string `yaml:"type"`
		RollingUpdate struct {
			MaxUnavailable int `yaml:"maxUnavailable"`
			MaxSurge       int `yaml:"maxSurge"`
		} `yaml:"rollingUpdate"`
	} `yaml:"strategy"`
	Selector selector `yaml:"selector"`
	Template struct {
		Metadata metadata `yaml:"metadata"`
		Spec     podSpec  `yaml:"spec"`
	} `yaml:"template"`
}

type podSpec struct {
	RestartPolicy                 string            `yaml:"restartPolicy"`
	ServiceAccountName            string            `yaml:"serviceAccountName"`
	ImagePullSecrets              []reference       `yaml:"imagePullSecrets"`
	NodeSelector                  map[string]string `yaml:"nodeSelector"`
	Tolerations                   []any             `yaml:"tolerations"`
	Affinity                      map[string]any    `yaml:"affinity"`
	AutomountServiceAccountToken  bool              `yaml:"automountServiceAccountToken"`
	TerminationGracePeriodSeconds int               `yaml:"terminationGracePeriodSeconds"`
	TopologySpreadConstraints     []struct {
		MaxSkew           int      `yaml:"maxSkew"`
		TopologyKey       string   `yaml:"topologyKey"`
		WhenUnsatisfiable string   `yaml:"whenUnsatisfiable"`
		LabelSelector     selector `yaml:"labelSelector"`
	} `yaml:"topologySpreadConstraints"`
	SecurityContext struct {
		RunAsNonRoot        bool                  `yaml:"runAsNonRoot"`
		RunAsUser           int                   `yaml:"runAsUser"`
		RunAsGroup          int                   `yaml:"runAsGroup"`
		FSGroup             int                   `yaml:"fsGroup"`
		FSGroupChangePolicy string                `yaml:"fsGroupChangePolicy"`
		SeccompProfile      struct{ Type string } `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	Containers []container `yaml:"containers"`
	Volumes    []struct {
		Name                  string `yaml:"name"`
		PersistentVolumeClaim struct {
			ClaimName string `yaml:"claimName"`
		} `yaml:"persistentVolumeClaim"`
		EmptyDir map[string]string `yaml:"emptyDir"`
	} `yaml:"volumes"`
}

type container struct {
	Name            string   `yaml:"name"`
	Image           string   `yaml:"image"`
	ImagePullPolicy string   `yaml:"imagePullPolicy"`
	Args            []string `yaml:"args"`
	EnvFrom         []struct {
		SecretRef reference `yaml:"secretRef"`
	} `yaml:"envFrom"`
	Env []struct {
		Name      string `yaml:"name"`
		Value     string `yaml:"value"`
		ValueFrom struct {
			SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
		} `yaml:"valueFrom"`
	} `yaml:"env"`
	Ports []struct {
		Name          string `yaml:"name"`
		ContainerPort int    `yaml:"containerPort"`
	} `yaml:"ports"`
	ReadinessProbe probe `yaml:"readinessProbe"`
	LivenessProbe  probe `yaml:"livenessProbe"`
	Lifecycle      struct {
		PreStop struct {
			Sleep struct{ Seconds int } `yaml:"sleep"`
		} `yaml:"preStop"`
	} `yaml:"lifecycle"`
	Resources struct {
		Requests, Limits map[string]string
	} `yaml:"resources"`
	SecurityContext struct {
		AllowPrivilegeEscalation *bool                   `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool                    `yaml:"readOnlyRootFilesystem"`
		Capabilities             struct{ Drop []string } `yaml:"capabilities"`
	} `yaml:"securityContext"`
	VolumeMounts []struct {
		Name      string `yaml:"name"`
		MountPath string `yaml:"mountPath"`
	} `yaml:"volumeMounts"`
}

type probe struct {
	HTTPGet             struct{ Path, Port string } `yaml:"httpGet"`
	InitialDelaySeconds int                         `yaml:"initialDelaySeconds"`
	PeriodSeconds       int                         `yaml:"periodSeconds"`
	TimeoutSeconds      int                         `yaml:"timeoutSeconds"`
	FailureThreshold    int                         `yaml:"failureThreshold"`
}

type serviceSpec struct {
	Type     string            `yaml:"type"`
	Selector map[string]string `yaml:"selector"`
	Ports    []struct {
		Name       string `yaml:"name"`
		Port       int    `yaml:"port"`
		TargetPort string `yaml:"targetPort"`
	} `yaml:"ports"`
}

type disruptionSpec struct {
	MaxUnavailable int      `yaml:"maxUnavailable"`
	Selector       selector `yaml:"selector"`
}

type claimSpec struct {
	AccessModes      []string                             `yaml:"accessModes"`
	Resources        struct{ Requests map[string]string } `yaml:"resources"`
	StorageClassName string                               `yaml:"storageClassName"`
}

type ingressSpec struct {
	IngressClassName string `yaml:"ingressClassName"`
	TLS              []struct {
		Hosts      []string `yaml:"hosts"`
		SecretName string   `yaml:"secretName"`
	} `yaml:"tls"`
	Rules []struct {
		Host string `yaml:"host"`
		HTTP struct {
			Paths []struct {
				Path     string `yaml:"path"`
				PathType string `yaml:"pathType"`
				Backend  struct {
					Service struct {
						Name string
						Port struct{ Name string }
					} `yaml:"service"`
				} `yaml:"backend"`
			} `yaml:"paths"`
		} `yaml:"http"`
	} `yaml:"rules"`
}

type secret struct {
	APIVersion string            `yaml:"apiVersion"`
	Kind       string            `yaml:"kind"`
	Metadata   metadata          `yaml:"metadata"`
	Type       string            `yaml:"type"`
	StringData map[string]string `yaml:"stringData"`
}

type kustomization struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Resources  []string `yaml:"resources"`
	Images     []struct {
		Name    string `yaml:"name"`
		NewName string `yaml:"newName"`
		NewTag  string `yaml:"newTag"`
	} `yaml:"images"`
}

// manifests is the contents of the directory kubernetes.
type manifests struct {
	Kustomization kustomization
	Secret        secret
	Claim         manifest[claimSpec]
	Deployment    manifest[deploymentSpec]
	Service       manifest[serviceSpec]
	Disruption    manifest[disruptionSpec]
	Ingress       manifest[ingressSpec]
}

func readManifests(t *testing.T) *manifests {
	t.Helper()
	m := &manifests{}
	for name, into := range map[string]any{
		"kustomization.yaml": &m.Kustomization, "secret.yaml": &m.Secret, "artifacts.yaml": &m.Claim, "deployment.yaml": &m.Deployment,
		"service.yaml": &m.Service, "disruption.yaml": &m.Disruption, "ingress.yaml": &m.Ingress,
	} {
		decode(t, filepath.Join("kubernetes", name), into)
	}
	return m
}

func decode(t *testing.T, file string, into any) {
	t.Helper()
	decodeText(t, file, read(t, file), into)
}

// decodeText decodes a text with one document.
func decodeText(t *testing.T, name, text string, into any) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := d.Decode(&struct{}{}); !errors.Is(err, io.EOF) {
		t.Fatalf("%s holds a second document: %v", name, err)
	}
}
