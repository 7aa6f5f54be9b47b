window.config = {{ config | safe }};
window.config.httpErrorHandler = (error) => {
  /* the server decides between sign-in and lock */
  if (error.status === 401) window.location.replace("/");
};
