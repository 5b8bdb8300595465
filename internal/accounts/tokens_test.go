package accounts_test

import (
	"crypto/sha256"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/mlflow"
)

func TestTokens(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		ann := s.user("ann")
		s.user("bob")
		expires := time.Now().Add(time.Hour).UnixMilli()
		hash := sha256.Sum256([]byte("secret"))
		scope := accounts.Scope{ReadOnly: true, ExperimentIDs: []string{"1", "22"}}
		created := must(s.CreateToken(ctx, "ann", "läptop", scope, expires, hash))(t)
		got := must(s.TokenByHash(ctx, hash))(t)
		if !reflect.DeepEqual(got, created) || got.UserID != ann.ID || got.Username != "ann" || got.Name != "läptop" ||
			!reflect.DeepEqual(got.Scope, scope) || got.ExpiresMS != expires || got.LastUsedMS != 0 {
			t.Errorf("%+v\nwant %+v", got, created)
		}
		other := must(s.CreateToken(ctx, "bob", "", accounts.Scope{}, 0, [32]byte{2}))(t)
		if got := must(s.TokenByHash(ctx, [32]byte{2}))(t); !reflect.DeepEqual(got, other) || got.Scope.ExperimentIDs != nil {
			t.Errorf("%+v\nwant %+v", got, other)
		}
		if list := must(s.TokensOf(ctx, "ann"))(t); len(list) != 1 || list[0].ID != created.ID {
			t.Errorf("%+v", list)
		}
		if list := must(s.Tokens(ctx))(t); len(list) != 2 {
			t.Errorf("%+v", list)
		}
		for _, ms := range []int64{50, 100, 70} {
			if err := s.TouchToken(ctx, other.ID, ms); err != nil {
				t.Fatal(err)
			}
		}
		if got := must(s.Token(ctx, other.ID))(t); got.LastUsedMS != 100 {
			t.Errorf("%+v", got)
		}
		for range 2 {
			if err := s.RevokeToken(ctx, created.ID); err != nil {
				t.Fatal(err)
			}
		}
		if got := must(s.Token(ctx, created.ID))(t); got.RevokedMS == 0 || got.ValidAt(1) {
			t.Errorf("%+v", got)
		}
		const invalid = "There is no valid access token with this secret"
		_, err := s.TokenByHash(ctx, hash)
		wantError(t, err, mlflow.ResourceDoesNotExist, invalid)
		_, err = s.TokenByHash(ctx, [32]byte{3})
		wantError(t, err, mlflow.ResourceDoesNotExist, invalid)
		wantError(t, s.RevokeToken(ctx, "x"), mlflow.ResourceDoesNotExist, "No access token with id 'x'")
		_, err = s.Token(ctx, "x")
		wantError(t, err, mlflow.ResourceDoesNotExist, "No access token with id 'x'")
		_, err = s.TokensOf(ctx, "eve")
		wantCode(t, err, mlflow.ResourceDoesNotExist)
		_, err = s.CreateToken(ctx, "eve", "", accounts.Scope{}, 0, [32]byte{3})
		wantCode(t, err, mlflow.ResourceDoesNotExist)
	})
}

func TestTokenExpiry(t *testing.T) {
	t.Parallel()
	uri := dbtest.NewFile(t)
	s := open(t, uri)
	s.user("ann")
	expires := time.Now().Add(time.Hour).UnixMilli()
	token := must(s.CreateToken(t.Context(), "ann", "", accounts.Scope{}, expires, [32]byte{1}))(t)
	if !token.ValidAt(token.ExpiresMS-1) || token.ValidAt(token.ExpiresMS) {
		t.Errorf("%+v", token)
	}
	must(s.TokenByHash(t.Context(), [32]byte{1}))(t)
	execute(t, uri, `UPDATE millrace_access_tokens SET expires_ms = created_ms`)
	_, err := s.TokenByHash(t.Context(), [32]byte{1})
	wantCode(t, err, mlflow.ResourceDoesNotExist)
}

func TestTokensAreRefused(t *testing.T) {
	t.Parallel()
	uri := dbtest.NewFile(t)
	s := open(t, uri)
	s.user("ann")
	for _, token := range []accounts.Token{
		{Name: strings.Repeat("x", 251)},
		{Name: "a\x00"},
		{Name: "\xff"},
		{ExpiresMS: -1},
		{ExpiresMS: time.Now().UnixMilli() - 1},
		{Scope: accounts.Scope{ExperimentIDs: []string{}}},
		{Scope: accounts.Scope{ExperimentIDs: []string{"1", ""}}},
		{Scope: accounts.Scope{ExperimentIDs: []string{strings.Repeat("1", 2000)}}},
	} {
		_, err := s.CreateToken(t.Context(), "ann", token.Name, token.Scope, token.ExpiresMS, [32]byte{1})
		wantCode(t, err, mlflow.InvalidParameterValue)
	}
	must(s.CreateToken(t.Context(), "ann", strings.Repeat("é", 250), accounts.Scope{}, 0, [32]byte{1}))(t)
	execute(t, uri, `UPDATE millrace_access_tokens SET scope = '{"read_only": true, "models": ["m"]}'`)
	if _, err := s.TokenByHash(t.Context(), [32]byte{1}); err == nil || !strings.Contains(err.Error(), "models") {
		t.Errorf("a token with an unknown limit is valid: %v", err)
	}
}
