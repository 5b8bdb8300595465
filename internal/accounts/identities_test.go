package accounts_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/mlflow"
)

// signOn signs on and returns the user with the names of its roles.
func (s store) signOn(i accounts.Identity) (user *accounts.User, created bool, roles []string) {
	s.t.Helper()
	user, created, err := s.SignOn(s.t.Context(), i)
	if err != nil {
		s.t.Fatalf("%+v: %v", i, err)
	}
	for _, r := range must(s.RolesOf(s.t.Context(), user.Username))(s.t) {
		roles = append(roles, r.Name)
	}
	if stored := must(s.User(s.t.Context(), user.Username))(s.t); *stored != *user {
		s.t.Errorf("SignOn returns %+v, and the database has %+v", user, stored)
	}
	return user, created, roles
}

func TestSignOn(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ann := accounts.Identity{Issuer: "https://idp", Subject: "1", Username: "ann"}
		first, created, _ := s.signOn(ann)
		if !created || first.Username != "ann" || first.IsAdmin {
			t.Errorf("first login: %+v, %t", first, created)
		}
		// The subject decides, not the name, which a provider may change.
		ann.Username = "ann.new"
		again, created, _ := s.signOn(ann)
		if created || *again != *first {
			t.Errorf("second login: %+v, %t", again, created)
		}
		// A subject is compared exactly.
		s.signOn(accounts.Identity{Issuer: "https://idp", Subject: "A", Username: "upper"})
		if _, created, _ := s.signOn(accounts.Identity{Issuer: "https://idp", Subject: "a", Username: "lower"}); !created {
			t.Error("a subject that differs in case is the same")
		}
		// An identity does not outlive its user.
		if err := s.DeleteUser(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		if u, created, _ := s.signOn(ann); !created || u.Username != "ann.new" {
			t.Errorf("after the deletion: %+v, %t", u, created)
		}
	})
}

func TestSignOnAsAnother(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		s.user("bob")
		wrong := func(i accounts.Identity, code mlflow.ErrorCode, message string) {
			t.Helper()
			_, _, err := s.SignOn(ctx, i)
			wantError(t, err, code, message)
		}
		bob := accounts.Identity{Issuer: "https://idp", Subject: "1", Username: "bob"}
		wrong(bob, mlflow.PermissionDenied, "There is a user bob with a password, and single sign-on does not prove that it is "+
			"the same person. An administrator can delete the user.")
		bob.Adopts = true
		if _, created, _ := s.signOn(bob); created {
			t.Error("the existing user was not adopted")
		}
		// The provider gives the name to another person.
		const taken = "The user bob belongs to another identity of the provider. An administrator can delete the user."
		wrong(accounts.Identity{Issuer: "https://idp", Subject: "2", Username: "bob", Adopts: true}, mlflow.PermissionDenied, taken)
		// Another provider vouches for the name, too.
		s.signOn(accounts.Identity{Issuer: "https://new", Subject: "9", Username: "bob", Adopts: true})
		s.signOn(bob)
		// A proxy names users only.
		if _, created, _ := s.signOn(accounts.Identity{Username: "bob", Adopts: true}); created {
			t.Error("a proxy creates a user that exists")
		}
		wrong(accounts.Identity{Issuer: "https://idp", Username: "x"}, mlflow.InvalidParameterValue, "The subject of the user is missing.")
		wrong(accounts.Identity{Issuer: "https://idp", Subject: "3"}, mlflow.InvalidParameterValue, "Username cannot be empty.")
		wrong(accounts.Identity{Issuer: "https://idp", Subject: "a\x00", Username: "x"}, mlflow.InvalidParameterValue,
			"The subject of the user contains a NUL character.")
	})
}

func TestGroups(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		s.user("other")
		byHand := s.role("byhand", "other")
		s.role("team")
		s.role("Team")
		gone := s.role("gone")
		if _, err := s.CreateRole(ctx, "elsewhere", "team", nil); err != nil {
			t.Fatal(err)
		}
		ann := accounts.Identity{Issuer: "https://idp", Subject: "1", Username: "ann", KnowsGroups: true}
		check := func(what string, admin bool, want ...string) {
			t.Helper()
			user, _, roles := s.signOn(ann)
			if user.IsAdmin != admin || !slices.Equal(roles, want) {
				t.Errorf("%s: %+v with roles %q, want %t %q", what, user, roles, admin, want)
			}
		}
		ann.Groups = []string{"team", "gone", "unknown", "__user_1__"}
		check("in three groups", false, "team", "gone")
		must(s.Assign(ctx, "ann", byHand.ID))(t)
		ann.Groups = []string{"byhand", "gone"}
		check("in another group", false, "byhand", "gone")
		if err := s.DeleteRole(ctx, gone.ID); err != nil {
			t.Fatal(err)
		}
		ann.Groups = nil
		check("a role that was assigned by hand remains", false, "byhand")
		ann.Groups = []string{"team"}
		check("back", false, "byhand", "team")
		ann.Groups, ann.KnowsGroups = nil, false
		check("unknown groups", false, "byhand", "team")
		ann.KnowsGroups = true
		check("no groups", false, "byhand")

		ann.AdminGroup, ann.Groups = "admins", []string{"admins"}
		check("in the admin group", true, "byhand")
		check("still in the admin group", true, "byhand")
		ann.Groups = nil
		check("out of the admin group", false, "byhand")
		if err := s.SetAdmin(ctx, "ann", true); err != nil {
			t.Fatal(err)
		}
		check("an administrator by hand remains one", true, "byhand")
	})
}

// TestUnassignedGroup takes a role away that a group has given. The next login gives it
// again, and what is assigned by hand meanwhile remains.
func TestUnassignedGroup(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		team := s.role("team")
		ann := accounts.Identity{Issuer: "https://idp", Subject: "1", Username: "ann", KnowsGroups: true, Groups: []string{"team"}}
		s.signOn(ann)
		if err := s.Unassign(ctx, "ann", team.ID); err != nil {
			t.Fatal(err)
		}
		must(s.Assign(ctx, "ann", team.ID))(t)
		ann.Groups = nil
		if _, _, roles := s.signOn(ann); !slices.Equal(roles, []string{"team"}) {
			t.Errorf("%q", roles)
		}
	})
}

// TestSignOnAtOnce signs a person on from several servers at once: a person without a user,
// and one whose user the first of them adopts.
func TestSignOnAtOnce(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		s.role("team")
		ann := accounts.Identity{
			Issuer: "https://idp", Subject: "1", Username: "ann", KnowsGroups: true, Groups: []string{"team"},
		}
		for range 5 {
			if n := s.signOnAtOnce(ann); n != 1 {
				t.Errorf("the user was created %d times", n)
			}
			s.deleteUser("ann")

			adopted := s.user("ann")
			ann.Adopts = true
			if n := s.signOnAtOnce(ann); n != 0 {
				t.Errorf("the user was created %d times although there is one", n)
			}
			if user := must(s.User(t.Context(), "ann"))(t); user.ID != adopted.ID {
				t.Errorf("user %d has become %d", adopted.ID, user.ID)
			}
			s.deleteUser("ann")
			ann.Adopts = false
		}
	})
}

// signOnAtOnce signs on eight times at once, and returns how many have created the user.
func (s store) signOnAtOnce(i accounts.Identity) int64 {
	s.t.Helper()
	var group sync.WaitGroup
	var created atomic.Int64
	for range 8 {
		group.Go(func() {
			_, made, err := s.SignOn(s.t.Context(), i)
			if err != nil {
				s.t.Error(err)
			}
			if made {
				created.Add(1)
			}
		})
	}
	group.Wait()
	return created.Load()
}

func (s store) deleteUser(name string) {
	s.t.Helper()
	if err := s.DeleteUser(s.t.Context(), name); err != nil {
		s.t.Fatal(err)
	}
}
