package s3

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"github.com/millrace-ml/millrace/internal/artifact/object"
)

// Variables of the environment that MLflow defines. The SDK reads those of AWS, such as AWS_REGION, AWS_PROFILE,
// AWS_CA_BUNDLE and AWS_ENDPOINT_URL_S3.
const (
	envEndpoint   = "MLFLOW_S3_ENDPOINT_URL"
	envIgnoreTLS  = "MLFLOW_S3_IGNORE_TLS"
	envAddressing = "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE"
	envSignature  = "MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION"
	envExtraArgs  = "MLFLOW_S3_UPLOAD_EXTRA_ARGS"
	envOwner      = "MLFLOW_S3_EXPECTED_BUCKET_OWNER"
)

const (
	// defaultRegion is used where nothing names a region. Stores other than AWS's have none.
	defaultRegion = "us-east-1"
	dialTimeout   = 5 * time.Second
	maxAttempts   = 3
)

// store is an endpoint with credentials.
type store struct {
	client *s3.Client
	owner  *string
	// anonymous requests have no signature.
	anonymous bool
	// put and create have the extra arguments of uploads.
	put    s3.PutObjectInput
	create s3.CreateMultipartUploadInput
}

func lookupEnv(name string) string { return os.Getenv(name) }

// newStore reads the settings, of which a place that is not zero replaces two. It makes no requests but those that the
// credentials need.
func newStore(ctx context.Context, getenv func(string) string, at place) (*store, error) {
	s := &store{}
	if err := s.setExtraArgs(getenv(envExtraArgs)); err != nil {
		return nil, err
	}
	if owner := getenv(envOwner); owner != "" {
		s.owner, s.put.ExpectedBucketOwner, s.create.ExpectedBucketOwner = &owner, &owner, &owner
	}
	httpClient, err := newHTTPClient(getenv(envIgnoreTLS), getenv(object.EnvTimeout))
	if err != nil {
		return nil, err
	}
	load := []func(*config.LoadOptions) error{
		config.WithHTTPClient(httpClient), config.WithLogger(logging.Nop{}),
	}
	if getenv("AWS_MAX_ATTEMPTS") == "" {
		load = append(load, config.WithRetryMaxAttempts(maxAttempts))
	}
	switch version := getenv(envSignature); version {
	case "", "s3v4":
	case "unsigned":
		s.anonymous = true
		load = append(load, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	default:
		return nil, fmt.Errorf("%s=%s: want s3v4 or unsigned", envSignature, version)
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("settings of S3: %w", err)
	}
	// As an option of LoadDefaultConfig, the retryer would disable AWS_MAX_ATTEMPTS and AWS_RETRY_MODE.
	cfg.Retryer = func() aws.Retryer { return newRetryer(cfg.RetryMode) }
	if !s.anonymous {
		cfg.Credentials = aws.NewCredentialsCache(&credentials{cfg.Credentials})
	}
	if cfg.Region == "" {
		cfg.Region = defaultRegion
	}
	endpoint := getenv(envEndpoint)
	if at.endpoint != "" {
		endpoint, cfg.Region = at.endpoint, at.region
	}
	custom := endpoint != "" || cfg.BaseEndpoint != nil || getenv("AWS_ENDPOINT_URL_S3") != ""
	pathStyle, err := usePathStyle(getenv(envAddressing), custom)
	if err != nil {
		return nil, err
	}
	s.client = s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = pathStyle
		o.DisableLogOutputChecksumValidationSkipped = true
		if endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
		if at.endpoint != "" { // These stores do not have all checksums. The signature covers the data, too.
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		}
	})
	return s, nil
}

// credentials marks the errors of a provider of credentials.
type credentials struct{ aws.CredentialsProvider }

// errNoCredentials is the error of requests for which the server has no credentials.
var errNoCredentials = errors.New("no credentials")

func (c *credentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	found, err := c.CredentialsProvider.Retrieve(ctx)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", errNoCredentials, err)
	}
	return found, err
}

// usePathStyle reports whether the bucket is in the path of requests and not in the host name. As in boto3, an endpoint
// other than AWS's gets it in the path by default.
func usePathStyle(style string, custom bool) (bool, error) {
	switch style {
	case "", "auto":
		return custom, nil
	case "path":
		return true, nil
	case "virtual":
		return false, nil
	}
	return false, fmt.Errorf("%s=%s: want auto, path or virtual", envAddressing, style)
}

// newRetryer returns the SDK's retryer of a mode, except that it does not repeat a request that the store did not
// answer in time, because the client does not wait longer.
func newRetryer(mode aws.RetryMode) aws.Retryer {
	options := func(o *retry.StandardOptions) {
		stalled := retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return aws.FalseTernary
			}
			return aws.UnknownTernary
		})
		o.Retryables = append([]retry.IsErrorRetryable{stalled}, o.Retryables...)
	}
	if mode == aws.RetryModeAdaptive {
		return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
			o.StandardOptions = append(o.StandardOptions, options)
		})
	}
	return retry.NewStandard(options)
}

func newHTTPClient(ignoreTLS, timeout string) (*awshttp.BuildableClient, error) {
	stall, err := object.StallTime(timeout)
	if err != nil {
		return nil, err
	}
	insecure := false
	if ignoreTLS != "" {
		if insecure, err = strconv.ParseBool(strings.ToLower(ignoreTLS)); err != nil {
			return nil, fmt.Errorf("%s=%s: want true or false", envIgnoreTLS, ignoreTLS)
		}
	}
	return awshttp.NewBuildableClient().
		WithTransportOptions(func(t *http.Transport) {
			t.DialContext = object.Dial(dialTimeout, stall)
			t.MaxIdleConnsPerHost = 64
			if insecure {
				if t.TLSClientConfig == nil {
					t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
				}
				t.TLSClientConfig.InsecureSkipVerify = true
			}
		}), nil
}

// setExtraArgs reads the arguments of uploads, a JSON object with boto3's names, which the SDK's fields have, too.
func (s *store) setExtraArgs(text string) error {
	if text == "" {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var names map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &names); err != nil {
		return fmt.Errorf("%s is not a JSON object: %w", envExtraArgs, err)
	}
	for _, reserved := range []string{"Bucket", "Key", "Body"} {
		if _, found := names[reserved]; found {
			return fmt.Errorf("%s cannot have the argument %s", envExtraArgs, reserved)
		}
	}
	if err := decoder.Decode(&s.put); err != nil {
		return fmt.Errorf("%s: %w", envExtraArgs, err)
	}
	// Arguments that only single requests have, such as ContentMD5, are not in this type.
	if err := json.NewDecoder(bytes.NewReader([]byte(text))).Decode(&s.create); err != nil {
		return fmt.Errorf("%s: %w", envExtraArgs, err)
	}
	return nil
}
